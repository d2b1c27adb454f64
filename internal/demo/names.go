package demo

// origin is where a name comes from: names of one origin go together.
type origin struct {
	given, family []string
}

// origins are common names of many countries, put together at random.
var origins = []origin{
	{ // Dutch
		[]string{"Anouk", "Bram", "Daan", "Eva", "Fenna", "Gijs", "Hanneke", "Iris", "Jeroen", "Lotte", "Maarten", "Nienke", "Ruben", "Sanne", "Thijs", "Wouter"},
		[]string{"Aalbers", "Bakker", "Claassen", "De Wit", "Dekker", "Hoekstra", "Jansen", "Kuipers", "Mulder", "Postma", "Schouten", "Smit", "Van Dijk", "Verhoeven", "Visser", "Zijlstra"},
	},
	{ // Portuguese
		[]string{"Afonso", "Beatriz", "Carla", "Diogo", "Filipa", "Gonçalo", "Inês", "João", "Leonor", "Luís", "Mafalda", "Nuno", "Rita", "Sofia", "Tiago", "Vasco"},
		[]string{"Abreu", "Barbosa", "Carvalho", "Coelho", "Fonseca", "Lopes", "Magalhães", "Matos", "Moreira", "Nogueira", "Pacheco", "Queirós", "Ramos", "Sá", "Teixeira", "Vieira"},
	},
	{ // Polish
		[]string{"Agnieszka", "Bartosz", "Dorota", "Ewa", "Filip", "Grzegorz", "Hanna", "Jakub", "Kasia", "Łukasz", "Magda", "Oliwia", "Paweł", "Szymon", "Wojciech", "Zofia"},
		[]string{"Adamczyk", "Bąk", "Cieślak", "Dudek", "Górski", "Jabłoński", "Kaczmarek", "Lis", "Maj", "Nowicki", "Pawlak", "Rutkowska", "Sikora", "Wilk", "Wrona", "Zając"},
	},
	{ // Irish
		[]string{"Aoife", "Brendan", "Ciara", "Declan", "Eimear", "Fergal", "Gráinne", "Kevin", "Maeve", "Niall", "Orla", "Padraig", "Róisín", "Shane", "Sinéad", "Tadhg"},
		[]string{"Brady", "Byrne", "Cullen", "Doyle", "Fahy", "Gallagher", "Hennessy", "Keane", "Lynch", "McGrath", "Nolan", "O'Dwyer", "O'Shea", "Power", "Quinn", "Tierney"},
	},
	{ // German
		[]string{"Anke", "Birgit", "Carsten", "Dirk", "Elke", "Frieda", "Gregor", "Heike", "Ingo", "Jonas", "Katrin", "Lennart", "Moritz", "Nele", "Silke", "Uwe"},
		[]string{"Albrecht", "Brandt", "Dietz", "Engel", "Fuchs", "Gerlach", "Hartwig", "Kaiser", "Lorenz", "Pohl", "Reuter", "Seidel", "Thoma", "Ulrich", "Winkler", "Zeller"},
	},
	{ // French
		[]string{"Adrien", "Camille", "Chloé", "Denis", "Élodie", "Fabien", "Hélène", "Julien", "Léa", "Marion", "Noémie", "Olivier", "Pascale", "Rémi", "Solène", "Yann"},
		[]string{"Barbier", "Charpentier", "Delmas", "Fabre", "Gaillard", "Hamon", "Lacroix", "Marchand", "Perrin", "Renaud", "Roussel", "Tessier", "Vasseur", "Vidal", "Weber", "Noël"},
	},
	{ // Turkish
		[]string{"Aylin", "Burak", "Cem", "Defne", "Elif", "Emre", "Gökhan", "Hakan", "İpek", "Kerem", "Leyla", "Mert", "Nur", "Özlem", "Selin", "Yusuf"},
		[]string{"Acar", "Aydın", "Bulut", "Çelik", "Demir", "Erdem", "Güneş", "Kara", "Koç", "Öztürk", "Polat", "Şahin", "Tekin", "Uçar", "Yalçın", "Yıldız"},
	},
	{ // Indian
		[]string{"Aarav", "Ananya", "Deepa", "Farhan", "Gauri", "Ishaan", "Kavya", "Lakshmi", "Manish", "Neha", "Pooja", "Rahul", "Sanjay", "Tara", "Varun", "Zoya"},
		[]string{"Banerjee", "Chopra", "Desai", "Fernandes", "Ghosh", "Iyer", "Joshi", "Kulkarni", "Menon", "Nair", "Patil", "Rao", "Sethi", "Thakur", "Varma", "Wadhwa"},
	},
	{ // Nigerian and Ghanaian
		[]string{"Abena", "Adaeze", "Chidi", "Efua", "Emeka", "Folake", "Ifeoma", "Kofi", "Kwame", "Ngozi", "Obinna", "Sade", "Temi", "Tunde", "Yaw", "Zainab"},
		[]string{"Adeyemi", "Afolabi", "Asante", "Balogun", "Boateng", "Danso", "Eze", "Ibekwe", "Lawal", "Mensah", "Nwosu", "Obi", "Okafor", "Owusu", "Sarpong", "Uche"},
	},
	{ // Chinese
		[]string{"Bo", "Chen", "Fang", "Hui", "Jing", "Lan", "Li Na", "Ming", "Qiang", "Rui", "Ting", "Wei", "Xin", "Yan", "Yu", "Zhen"},
		[]string{"Cai", "Deng", "Feng", "Gao", "Han", "Hu", "Liang", "Lin", "Luo", "Pan", "Shen", "Song", "Tang", "Xie", "Yuan", "Zhao"},
	},
	{ // Arabic
		[]string{"Amal", "Bilal", "Dalia", "Fadi", "Ghada", "Hassan", "Imane", "Jamal", "Karim", "Layla", "Mounir", "Nadia", "Omar", "Rania", "Samir", "Yasmin"},
		[]string{"Aziz", "Benali", "Darwish", "El Amrani", "Farouk", "Haddad", "Idrissi", "Jaber", "Khoury", "Mansour", "Nassar", "Othman", "Rahmani", "Saleh", "Tahiri", "Zaki"},
	},
	{ // Vietnamese
		[]string{"An", "Bích", "Châu", "Dung", "Giang", "Hà", "Hiếu", "Khanh", "Linh", "Mai", "Nam", "Phương", "Quân", "Thảo", "Trang", "Vinh"},
		[]string{"Bùi", "Cao", "Đặng", "Dương", "Hoàng", "Huỳnh", "Lê", "Lý", "Mạc", "Ngô", "Phạm", "Phan", "Tô", "Trịnh", "Võ", "Vũ"},
	},
	{ // Ukrainian
		[]string{"Andriy", "Bohdan", "Daryna", "Halyna", "Ihor", "Kateryna", "Liliya", "Maksym", "Nazar", "Oksana", "Petro", "Roman", "Solomiya", "Taras", "Vira", "Yuliya"},
		[]string{"Bondar", "Chornenko", "Danylko", "Fedoruk", "Hnatiuk", "Ivasiuk", "Kravets", "Lysenko", "Moroz", "Oliynyk", "Panchuk", "Rudenko", "Savchuk", "Tkach", "Vasylenko", "Yaremko"},
	},
	{ // Swedish
		[]string{"Agneta", "Björn", "Cecilia", "Elin", "Fredrik", "Gunilla", "Henrik", "Ida", "Johan", "Karin", "Lars", "Maja", "Nils", "Petra", "Stina", "Viktor"},
		[]string{"Ahlgren", "Berglund", "Dahlin", "Ekström", "Forsberg", "Granqvist", "Hedlund", "Isaksson", "Ljung", "Mattsson", "Norén", "Ohlsson", "Rydell", "Sandin", "Wallin", "Åberg"},
	},
	{ // Latin American
		[]string{"Alejandra", "Bruno", "Camila", "Daniela", "Esteban", "Fernanda", "Gabriel", "Isabela", "Joaquín", "Luciana", "Mateo", "Natalia", "Rafael", "Santiago", "Thiago", "Ximena"},
		[]string{"Aguirre", "Cabrera", "Delgado", "Escobar", "Figueroa", "Godoy", "Herrera", "Ibarra", "Lozano", "Medina", "Navarro", "Ortega", "Paredes", "Rojas", "Suárez", "Villalobos"},
	},
}
