package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// thankWords are at the heart of a message of thanks.
var thankWords = set(`thanks thank thx tnx ty thankyou cheers danke dankeschön danköö dank bedankt dankjewel dankuwel merci gracias grazie obrigado obrigada
	dzięki dziękuję dziekuje dziekuję tack tak takk kiitos děkuji dekuji díky diky ďakujem спасибо благодарю дякую teşekkürler teşekkür sağol köszönöm köszi mulțumesc
	multumesc mersi hvala ευχαριστώ شكرا תודה terimakasih`)

// goodWords may stand beside them. What is not of either list is news.
var goodWords = set(`
	you very much so a lot many all for the your help support quick fast prompt reply response answer solution fix effort it that this again well too also and to
	works working worked fine now perfect perfectly great excellent awesome super wonderful good nice solved resolved done everything is has been was
	i we really closed close please can be my our team of from with best kind regards warm wishes day weekend evening fixed one everyone dear hi hello hey sir madam
	appreciated appreciate understood received noted ok okay yes got
	vielen dank herzlichen besten ihnen euch dir sehr für die den das eure ihre deine schnelle rasche prompte hilfe unterstützung antwort rückmeldung lösung erledigung bearbeitung
	es funktioniert klappt geht läuft jetzt wieder nun alles alle bestens prima toll passt gut gelöst behoben erledigt ist hat mit freundlichen grüßen grüssen gruß gruss viele liebe lg mfg vg beste
	schöne schönen tag wochenende abend noch und auch hallo guten morgen liebes lieber frau herr team einen ich wir ein
	beaucoup bien pour votre ton aide réponse rapide tout fonctionne marche parfait super cordialement bonne journée bonjour merci vous à résolu c'est est le la les et bon
	muchas mil por su tu ayuda respuesta rápida todo funciona perfecto bien saludos cordiales buen día hola ya está resuelto y
	molte mille per il suo tuo aiuto risposta tutto funziona perfetto bene cordiali saluti buona giornata ciao la l'aiuto risolto ora
	hartelijk heel erg veel voor de snelle hulp reactie het werkt weer nu met vriendelijke groet groeten goed opgelost je u
	muito pela pelo ajuda resposta tudo funcionando certo atenciosamente bom dia olá resolvido
	bardzo za pomoc szybką odpowiedź wszystko działa już pozdrawiam dobrego dnia
	så mycket för hjälpen hjälp snabba svaret det fungerar nu vänliga hälsningar hej bra allt
	mange hjælpen hjelpen hjelp hjælp fungerer virker nå nu venlig hilsen vennlig hei
	paljon avusta nopeasta toimii nyt terveisin hyvää päivänjatkoa
	moc za pomoc vše funguje nyní pozdravem s hezký den
	большое огромное за помощь все всё работает теперь уважением с вам быстрый ответ
	дуже допомогу все працює
	ederim çok yardımınız için iyi günler ederiz
	`)

// closers end a message: a name may follow.
var closers = set(`regards grüße grüßen grüssen gruß gruss lg mfg vg cordialement saludos saluti groet groeten atenciosamente pozdrawiam hälsningar hilsen terveisin pozdravem уважением best thanks danke cheers`)

// openers begin a message: a name may follow.
var openers = set(`hi hello hey dear hallo liebe lieber frau herr bonjour hola ciao olá hej hei guten morgen`)

// topicWords say what it was about; without one of doneWords they begin a new matter.
var (
	topicWords = set(`problem issue ticket problema problème probleem have`)
	doneWords  = set(`solved resolved fixed closed close gelöst behoben erledigt resuelto résolu risolto resolvido opgelost day weekend evening`)
)

// stopWords are what a new matter begins with, in whatever company.
var stopWords = set(`but however still not no never aber jedoch leider nicht kein keine trotzdem noch immer mais pas encore pero aún todavía ma non ancora maar niet nog mas não ainda ale nie jednak men inte ikke mutta ei но не нет ama değil
	error fehler erreur another andere other also außerdem`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// eastern takes out what thanks are made of where words are not kept apart.
var eastern = regexp.MustCompile(`(どうも|誠に|大変|本当に)?(ありがとう|有難う|有り難う)(ございました|ございます|御座います)?|助かりました|お世話になっております|お世話になりました|お疲れ様です|承知(いた)?しました|よろしくお願い(いた|致)?します|解決しました|了解(しました|です)?|感謝(いた)?します|` +
	`(非常|十分|多)?(感谢|谢谢|谢|謝謝|感謝)(您|你|大家)?(的)?(帮助|支持|回复|幫助|協助)?|问题已解决|已解决|已经好了|好的|收到|您好|你好|祝好|` +
	`(정말|대단히|너무)?\s*(감사합니다|감사드립니다|고맙습니다|고마워요|감사해요)|안녕하세요|해결되었습니다|수고하세요|네`)

// OnlyThanks reports whether a text, without quotes and signature, says thank you
// and nothing that somebody would have to read. When in doubt it does not.
func OnlyThanks(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > 240 || strings.ContainsAny(text, "?？;/@{}[]#$%=") || strings.Contains(text, "http") {
		return false
	}
	if hasEastern(text) {
		rest := eastern.ReplaceAllString(text, "")
		found := rest != text && easternThanks.MatchString(text)
		letters := 0
		for _, r := range rest {
			if unicode.IsDigit(r) {
				return false
			}
			if unicode.IsLetter(r) {
				letters++
			}
		}
		return found && letters <= 3 // a polite ending; not a sentence
	}
	thanks, words := 0, 0
	topic, done := false, false
	lines := strings.Split(text, "\n")
	closing := false // a name may be on this line and the next
	for number, line := range lines {
		opened, unknown, before := false, 0, 0
		for _, raw := range strings.FieldsFunc(line, func(r rune) bool {
			return unicode.IsSpace(r) || strings.ContainsRune(",.!¡:-–—()\"*_…«»„“”", r)
		}) {
			word := strings.ToLower(strings.Trim(raw, "'’`"))
			if word == "" || !strings.ContainsFunc(word, unicode.IsLetter) {
				if strings.ContainsFunc(word, unicode.IsDigit) {
					return false
				}
				continue // an emoji
			}
			if strings.ContainsFunc(word, unicode.IsDigit) || hardStop(word, thanks > 0) {
				return false
			}
			words++
			topic, done = topic || topicWords[word], done || doneWords[word]
			switch {
			case thankWords[word]:
				thanks++
				opened, closing = true, true
			case goodWords[word] || topicWords[word]:
				opened = opened || openers[word]
				closing = closing || closers[word]
			case (opened || closing && number > 0 && before == unknown) && isName(raw):
				if unknown++; unknown > 3 {
					return false
				}
			default:
				return false
			}
			before++
		}
	}
	return thanks > 0 && words <= 30 && (done || !topic)
}

var easternThanks = regexp.MustCompile(`ありがと|有難う|有り難う|感謝|感谢|谢|謝|감사|고맙|고마워|助かりました`)

// hardStop finds words that are no thanks whatever else is said. Some of them also
// stand in thanks of another language or wish a nice rest of the day.
func hardStop(word string, thanked bool) bool {
	if word == "noch" || word == "no" || word == "also" {
		return !thanked
	}
	return stopWords[word]
}

func hasEastern(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	})
}

func isName(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(first) && utf8.RuneCountInString(word) <= 20
}
