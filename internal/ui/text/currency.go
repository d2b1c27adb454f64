package text

import "golang.org/x/text/currency"

// currencyDigits is the count of digits of a currency's minor unit (ISO 4217):
// 2 for EUR, 0 for JPY; 2 for codes it does not know.
func currencyDigits(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}
