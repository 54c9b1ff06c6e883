package graphsim

import "strings"

// A department is a branch of the generated company.
type department struct {
	name, division, costCenter string
	titles                     []string
}

// An office is a place where the generated company works.
type office struct {
	name, street, city, state, postalCode, country, usageLocation, language, phone string
}

var executive = department{name: "Executive Office", division: "Corporate", costCenter: "1000"}

// departments has span entries: one for each report of the chief executive.
var departments = []department{
	{"Finance", "Corporate", "1100", []string{"Accountant", "Financial Analyst", "Controller", "Payroll Specialist"}},
	{"Human Resources", "Corporate", "1200", []string{"HR Business Partner", "Recruiter", "Learning Specialist"}},
	{"Legal", "Corporate", "1300", []string{"Counsel", "Paralegal", "Contract Manager"}},
	{"Information Technology", "Corporate", "2100", []string{"Systems Engineer", "Support Technician", "Network Engineer", "Identity Administrator"}},
	{"Engineering", "Products", "3100", []string{"Software Engineer", "Senior Software Engineer", "Test Engineer", "Site Reliability Engineer"}},
	{"Research", "Products", "3200", []string{"Scientist", "Research Engineer", "Laboratory Assistant"}},
	{"Manufacturing", "Operations", "4100", []string{"Production Planner", "Line Supervisor", "Process Engineer"}},
	{"Logistics", "Operations", "4200", []string{"Dispatcher", "Warehouse Specialist", "Customs Specialist"}},
	{"Quality", "Operations", "4300", []string{"Quality Inspector", "Auditor"}},
	{"Sales", "Markets", "5100", []string{"Account Executive", "Account Manager", "Sales Engineer"}},
	{"Marketing", "Markets", "5200", []string{"Campaign Manager", "Content Editor", "Market Analyst"}},
	{"Customer Service", "Markets", "5300", []string{"Service Agent", "Service Desk Lead", "Field Technician"}},
}

var offices = []office{
	{"BER-1/210", "Friedrichstraße 68", "Berlin", "Berlin", "10117", "Germany", "DE", "de-DE", "+49 30"},
	{"MUC-2/034", "Leopoldstraße 11", "München", "Bayern", "80802", "Germany", "DE", "de-DE", "+49 89"},
	{"SEA-18/2111", "4567 Main Street", "Seattle", "WA", "98052", "United States", "US", "en-US", "+1 425"},
	{"NYC-7/1401", "240 Park Avenue", "New York", "NY", "10017", "United States", "US", "en-US", "+1 212"},
	{"LON-3/12", "18 King William Street", "London", "England", "EC4N 7BP", "United Kingdom", "GB", "en-GB", "+44 20"},
	{"PAR-1/5", "12 rue de la Paix", "Paris", "Île-de-France", "75002", "France", "FR", "fr-FR", "+33 1"},
	{"MAD-1/3", "Calle de Alcalá 45", "Madrid", "Madrid", "28014", "Spain", "ES", "es-ES", "+34 91"},
	{"TYO-4/9", "1-6-1 Marunouchi", "Tokyo", "Tokyo", "100-0005", "Japan", "JP", "ja-JP", "+81 3"},
	{"SYD-1/22", "88 George Street", "Sydney", "NSW", "2000", "Australia", "AU", "en-AU", "+61 2"},
	{"BLR-2/7", "77 MG Road", "Bengaluru", "Karnataka", "560001", "India", "IN", "en-IN", "+91 80"},
}

var givenNames = strings.Fields(`
	Adele Ada Aisha Akira Alex Amelia Ana Andreas Anna Antoine Arjun Astrid Bianca Björn Brian Camille Carlos Carmen Chen
	Chloé Christie Clara Daniel David Debra Deepa Diego Elena Eleni Elif Emily Emma Enrico Erik Ethan Eva Fatima Felix
	Fernando Finn Frida Gabriel Grace Grady Greta Hana Hannah Haruto Henrietta Hugo Ines Irvin Isabel Isaiah Ivan Jana
	Javier Jens Joana Johanna João Johan Jonas José Joni Julia Jürgen Kai Karin Kenji Klara Lars Laura Lee Léa Leila Lena
	Liam Lidia Lin Linh Louis Lucía Luca Lukas Lynne Magnus Maja Marco Maria Marie Mark Marta Mateo Matthias Megan Mei
	Michael Miguel Miriam Mohamed Nadia Natalia Nestor Nina Noah Nora Olga Oliver Olivia Omar Oscar Patti Paul Paula Pavel
	Pedro Peter Petra Pia Pierre Pradeep Priya Rafael Rahul Rana Raul René Rosa Ruth Ryan Sakura Samir Sara Sebastián Simone
	Sofia Søren Stefan Susanne Sven Tamara Tariq Theresa Thomas Tim Tomás Ulrike Valentina Victor Vikram Wei William Yara
	Yasmin Yuki Yusuf Zeynep Zoë`)

var familyNames = strings.Fields(`
	Abbott Adams Ahmed Almeida Andersen Andersson Archie Bakker Barbosa Bauer Becker Bennett Bergström Berger Bianchi
	Bowen Brandt Brun Carvalho Chen Clarke Colombo Costa Cruz Darrow Davis Delgado Demir Díaz Dubois Durand Dvořák Eriksson
	Evans Farah Fernández Ferrari Fischer Fontaine Fuchs Fujita García Ger Goldberg Gomes González Gruber Gupta Haas Hansen
	Hartmann Hernández Hoffmann Horvat Huang Hughes Ibrahim Ito Ivanova Jackson Jansen Jensen Johansson Jones Kamiński
	Kaya Keller Khan Kim Klein Kobayashi Koch Kowalski Krüger Kumar Lambert Lang Larsen Laurent Lehmann Lewis Li Lindberg Liu
	López Ludwig Maier Marino Martin Martínez Mayer Mehta Meyer Miller Mishra Moreau Moretti Moreno Morgan Müller Muñoz
	Nakamura Naidu Nguyen Nielsen Nilsson Novák Nowak Oliveira Olsen Ortiz Özdemir Papadopoulos Patel Pereira Petersen Pham
	Pisani Popescu Rao Reddy Reyes Ricci Richter Rivera Robinson Romero Rossi Roux Ruiz Saito Sánchez Santos Sato Schmidt
	Schneider Schröder Schulz Schwarz Sharma Silva Singh Smirnova Smith Sørensen Suzuki Svensson Takahashi Tanaka Taylor
	Thompson Torres Tran Vance Vargas Vasquez Virtanen Visser Vogel Wagner Walker Wang Ward Weber Wilber Williams Wilson Wolf
	Wright Yamamoto Yang Yılmaz Young Zhang Zhou Zimmermann`)

// partners are the domains that guests come from.
var partners = []string{"adatum.example", "tailspintoys.example", "litware.example", "northwind.example"}

// plainLetters takes the accents off: user names may not have them.
var plainLetters = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "á", "a", "ã", "a", "é", "e", "ë", "e", "í", "i", "ı", "i", "ó", "o",
	"ú", "u", "ø", "o", "ñ", "n", "ń", "n", "ř", "r", "ç", "c",
)

var (
	projects = strings.Fields("Aurora Basalt Cobalt Dune Ember Fjord Glacier Harbor Indigo Juniper Krypton Lagoon Meridian Nimbus Onyx Pioneer Quartz Rapid Summit Tundra Umbra Vector Willow Xenon Yonder Zephyr")
	accesses = strings.Fields("VPN Badge Printer Wiki Source-Code Build-Server Travel Payroll Invoice Warehouse Laboratory Fleet Archive Mailroom Parking")
	products = []string{
		"Expense Reports", "Travel Portal", "HR Self Service", "Service Desk", "Source Control", "Warehouse Planner",
		"Contract Archive", "Customer Insights", "Learning Campus", "Payroll", "Room Booking", "Quality Records", "Fleet Manager", "Visitor Badge",
	}
)
