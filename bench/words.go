package main

import (
	"math/rand/v2"
	"strings"
)

var firstNames = strings.Fields(`Ada Ben Cleo Dana Emil Fay Gus Hana Ivo Jane Kofi Lena Milo Nora Omar Petra Quinn Rosa Sami Tara Uma Viktor Wanda Xenia Yara
	Zeno Aino Bruno Carla Dario Elif Fritz Greta Hugo Ines Jonas Katja Luca Mira Nils`)

var lastNames = strings.Fields(`Abbott Becker Costa Duarte Ekström Fischer Garcia Hansen Ito Jansen Kowalski Lindqvist Moreau Novak Okafor Petrov Quist Rossi
	Santos Tanaka Ueda Vogel Weber Xu Yilmaz Zimmer Adeyemi Bauer Conti Dubois Evans Ferrari Gruber Horvat Ivanov Jensen Keller Larsen Meyer Nowak
	Olsen Pereira Richter Silva Torres Ulrich Varga Wagner Young Ziegler`)

// things and troubles make titles; every ticket can be found by its serial word.
var things = strings.Fields(`printer laptop mailbox payroll calendar badge scanner projector tunnel database intranet telephone monitor keyboard router invoice
	timesheet warehouse terminal camera headset tablet backup certificate archive dashboard forecast contract catalogue register`)

var troubles = []string{
	"cannot be reached since this morning", "asks for a password again and again", "shows yesterday's figures", "is slow after lunch",
	"prints blank pages", "lost its settings", "does not know my badge", "answers with an error", "is needed for a new colleague",
	"stops in the middle of a report", "cannot be opened from home", "has the wrong name on it",
}

var plain = strings.Fields(`the a we it was is has been from with after before on at in our your this that when again still never always
	started restarted checked replaced changed opened closed saw heard found tried asked told waited called wrote sent moved cleaned updated
	morning evening floor office room desk cable network account device window message report meeting customer colleague manager team weekend
	quickly slowly properly twice once already probably today yesterday tomorrow since until because although`)

// prose makes so many words up, in sentences.
func prose(rng *rand.Rand, words int) string {
	var b strings.Builder
	for i := range words {
		word := plain[rng.IntN(len(plain))]
		switch {
		case i == 0:
		case i%9 == 0:
			b.WriteString(". ")
		default:
			b.WriteByte(' ')
		}
		if i%9 == 0 {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		b.WriteString(word)
	}
	b.WriteByte('.')
	return b.String()
}
