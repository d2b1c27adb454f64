package holiday

import (
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ecb"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

var regions = []Region{
	{"AR", "Argentina", "", ar.Holidays},
	{"AT", "Austria", "", at.Holidays},
	{"AU-ACT", "Australia", "Australian Capital Territory", au.HolidaysACT},
	{"AU-NSW", "Australia", "New South Wales", au.HolidaysNSW},
	{"AU-NT", "Australia", "Northern Territory", au.HolidaysNT},
	{"AU-QLD", "Australia", "Queensland", au.HolidaysQLD},
	{"AU-SA", "Australia", "South Australia", au.HolidaysSA},
	{"AU-TAS", "Australia", "Tasmania", au.HolidaysTAS},
	{"AU-VIC", "Australia", "Victoria", au.HolidaysVIC},
	{"AU-WA", "Australia", "Western Australia", au.HolidaysWA},
	{"BE", "Belgium", "", be.Holidays},
	{"BG", "Bulgaria", "", bg.Holidays},
	{"BR", "Brazil", "", br.Holidays},
	{"CA", "Canada", "", ca.Holidays},
	{"CH", "Switzerland", "", ch.Holidays},
	{"CH-ZH", "Switzerland", "Zürich", ch.HolidaysZH},
	{"CH-BE", "Switzerland", "Bern", ch.HolidaysBE},
	{"CH-LU", "Switzerland", "Luzern", ch.HolidaysLU},
	{"CH-UR", "Switzerland", "Uri", ch.HolidaysUR},
	{"CH-SZ", "Switzerland", "Schwyz", ch.HolidaysSZ},
	{"CH-OW", "Switzerland", "Obwalden", ch.HolidaysOW},
	{"CH-NW", "Switzerland", "Nidwalden", ch.HolidaysNW},
	{"CH-GL", "Switzerland", "Glarus", ch.HolidaysGL},
	{"CH-ZG", "Switzerland", "Zug", ch.HolidaysZG},
	{"CH-FR", "Switzerland", "Fribourg", ch.HolidaysFR},
	{"CH-SO", "Switzerland", "Solothurn", ch.HolidaysSO},
	{"CH-BS", "Switzerland", "Basel-Stadt", ch.HolidaysBS},
	{"CH-BL", "Switzerland", "Basel-Landschaft", ch.HolidaysBL},
	{"CH-SH", "Switzerland", "Schaffhausen", ch.HolidaysSH},
	{"CH-AR", "Switzerland", "Appenzell Ausserrhoden", ch.HolidaysAR},
	{"CH-AI", "Switzerland", "Appenzell Innerrhoden", ch.HolidaysAI},
	{"CH-SG", "Switzerland", "St. Gallen", ch.HolidaysSG},
	{"CH-GR", "Switzerland", "Graubünden", ch.HolidaysGR},
	{"CH-AG", "Switzerland", "Aargau", ch.HolidaysAG},
	{"CH-TG", "Switzerland", "Thurgau", ch.HolidaysTG},
	{"CH-VD", "Switzerland", "Vaud", ch.HolidaysVD},
	{"CH-TI", "Switzerland", "Ticino", ch.HolidaysTI},
	{"CH-VS", "Switzerland", "Valais", ch.HolidaysVS},
	{"CH-NE", "Switzerland", "Neuchâtel", ch.HolidaysNE},
	{"CH-GE", "Switzerland", "Genève", ch.HolidaysGE},
	{"CH-JU", "Switzerland", "Jura", ch.HolidaysJU},
	{"CZ", "Czechia", "", cz.Holidays},
	{"DE", "Germany", "", de.Holidays},
	{"DE-BW", "Germany", "Baden-Württemberg", de.HolidaysBW},
	{"DE-BY", "Germany", "Bayern", de.HolidaysBY},
	{"DE-BE", "Germany", "Berlin", de.HolidaysBE},
	{"DE-BB", "Germany", "Brandenburg", de.HolidaysBB},
	{"DE-HB", "Germany", "Bremen", de.HolidaysHB},
	{"DE-HH", "Germany", "Hamburg", de.HolidaysHH},
	{"DE-HE", "Germany", "Hessen", de.HolidaysHE},
	{"DE-MV", "Germany", "Mecklenburg-Vorpommern", de.HolidaysMV},
	{"DE-NI", "Germany", "Niedersachsen", de.HolidaysNI},
	{"DE-NW", "Germany", "Nordrhein-Westfalen", de.HolidaysNW},
	{"DE-RP", "Germany", "Rheinland-Pfalz", de.HolidaysRP},
	{"DE-SL", "Germany", "Saarland", de.HolidaysSL},
	{"DE-SN", "Germany", "Sachsen", de.HolidaysSN},
	{"DE-ST", "Germany", "Sachsen-Anhalt", de.HolidaysST},
	{"DE-SH", "Germany", "Schleswig-Holstein", de.HolidaysSH},
	{"DE-TH", "Germany", "Thüringen", de.HolidaysTH},
	{"DK", "Denmark", "", dk.Holidays},
	{"EU-ECB", "European Central Bank", "", ecb.Holidays},
	{"ES", "Spain", "", es.Holidays},
	{"FR", "France", "", fr.Holidays},
	{"GB", "United Kingdom", "", gb.Holidays},
	{"GR", "Greece", "", gr.Holidays},
	{"HR", "Croatia", "", hr.Holidays},
	{"IE", "Ireland", "", ie.Holidays},
	{"IT", "Italy", "", it.Holidays},
	{"JP", "Japan", "", jp.Holidays},
	{"LT", "Lithuania", "", lt.Holidays},
	{"LV", "Latvia", "", lv.Holidays},
	{"MW", "Malawi", "", mw.Holidays},
	{"NC", "New Caledonia", "", nc.Holidays},
	{"NL", "Netherlands", "", nl.Holidays},
	{"NO", "Norway", "", no.Holidays},
	{"NZ", "New Zealand", "", nz.Holidays},
	{"PL", "Poland", "", pl.Holidays},
	{"RO", "Romania", "", ro.Holidays},
	{"RU", "Russia", "", ru.Holidays},
	{"SE", "Sweden", "", se.Holidays},
	{"SI", "Slovenia", "", si.Holidays},
	{"SK", "Slovakia", "", sk.Holidays},
	{"UA", "Ukraine", "", ua.Holidays},
	{"US", "United States", "", us.Holidays},
	{"ZA", "South Africa", "", za.Holidays},
}
