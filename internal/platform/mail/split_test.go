package mail_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/mail"
)

func TestNewTextIsToldFromQuotesAndSignature(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, fresh, signature, from string }{
		{"nothing quoted", "Hello\nworld\n", "Hello\nworld", "", ""},
		{"only a quote", "> a\n> b\n", "", "", ""},
		{"English attribution", "Yes.\n\nOn Mon, Nov 3, 2025 at 9:58 AM Desk <d@x.example> wrote:\n> Q\n", "Yes.", "", "d@x.example"},
		{"German attribution", "Ja.\n\nAm 03.11.2025 um 09:58 schrieb Desk <d@x.example>:\n> Q\n", "Ja.", "", "d@x.example"},
		{"French attribution", "Oui.\n\nLe lun. 3 nov. 2025 à 09:58, Desk <d@x.example> a écrit :\n> Q\n", "Oui.", "", "d@x.example"},
		{"Polish attribution", "Tak.\n\npon., 3 lis 2025 o 09:58 Desk <d@x.example> napisał(a):\n\n> Q\n", "Tak.", "", "d@x.example"},
		{"Russian attribution", "Да.\n\nпн, 3 нояб. 2025 г. в 09:58, Desk <d@x.example>:\n\n> Q\n", "Да.", "", "d@x.example"},
		{"Chinese attribution", "好。\n\nDesk <d@x.example> 于2025年11月3日周一 09:58写道：\n\n> Q\n", "好。", "", "d@x.example"},
		{"Korean attribution", "네.\n\n2025년 11월 3일 (월) 오전 9:58, Desk <d@x.example>님이 작성:\n\n> Q\n", "네.", "", "d@x.example"},
		{"Hebrew attribution", "כן\n\n\u200eבתאריך יום ב׳, 3 בנוב׳ 2025 ב-9:58 מאת Desk <d@x.example>:\n\n> Q\n", "כן", "", "d@x.example"},
		{"attribution over two lines", "No.\n\nOn Mon, Nov 3, 2025 at 9:58 AM A Person With A Long Name\n<d@x.example> wrote:\n\n> Q\n", "No.", "", "d@x.example"},
		{"a name and a verb", "No.\n\nDesk wrote:\n> Q\n", "No.", "", ""},
		{"a sentence before a quote is not an attribution", "I tried what you said. Then I saw this in the log of the server this morning:\n> Q\n", "I tried what you said. Then I saw this in the log of the server this morning:", "", ""},
		{"answers between", "> A?\n\nYes.\n\n> B?\n\nNo.\n", "Yes.\n\nNo.", "", ""},
		{"answer below", "On 3/11/2025 09:58, Desk wrote:\n> A?\nYes.\n", "Yes.", "", ""},
		{"Outlook English", "Hi\n\nFrom: Desk <d@x.example>\nSent: Monday, November 3, 2025 9:58 AM\nTo: Anna <a@y.example>\nSubject: X\n\nQ\n", "Hi", "", "d@x.example"},
		{"Outlook German without addresses", "Hallo\n\nVon: Desk\nGesendet: Montag, 3. November 2025 09:58\nAn: Anna Meier\nBetreff: X\n\nQ\n", "Hallo", "", ""},
		{"Outlook bold marks", "Hi\n\n*From:* Desk <d@x.example>\n*Sent:* Monday, November 3, 2025 9:58 AM\n*To:* Anna\n*Subject:* X\n\nQ\n", "Hi", "", "d@x.example"},
		{"Outlook Greek", "Γεια\n\n________________________________\nΑπό: Desk <d@x.example>\nΣτάλθηκε: Δευτέρα, 3 Νοεμβρίου 2025 9:58 πμ\nΠρος: Anna <a@y.example>\nΘέμα: X\n\nQ\n", "Γεια", "", "d@x.example"},
		{"Outlook Japanese", "はい\n\n差出人: Desk <d@x.example>\n送信日時: 2025年11月3日 9:58\n宛先: Anna <a@y.example>\n件名: X\n\nQ\n", "はい", "", "d@x.example"},
		{"Outlook Russian", "Да\n\nОт: Desk [mailto:d@x.example]\nОтправлено: 3 ноября 2025 г. 9:58\nКому: Anna\nТема: X\n\nQ\n", "Да", "", "d@x.example"},
		{"Gmail forward", "See\n\n---------- Forwarded message ---------\nDe: Desk <d@x.example>\nDate: lun. 3 nov. 2025 à 09:58\nSubject: X\nTo: <a@y.example>\n\n\nQ\n", "See", "", "d@x.example"},
		{"Apple forward", "See\n\nBegin forwarded message:\n\nFrom: Desk <d@x.example>\nSubject: X\nDate: 3 November 2025 at 09:58:00 GMT\nTo: a@y.example\n\nQ\n", "See", "", "d@x.example"},
		{"a form somebody filled in is new", "Name: Anna Meier\nRoom: B 3.14\nDevice: printer\nSince: 2025-11-03 09:58\n\nIt beeps.\n", "Name: Anna Meier\nRoom: B 3.14\nDevice: printer\nSince: 2025-11-03 09:58\n\nIt beeps.", "", ""},
		{"a log is new", "Error: x\nTime: 2025-11-03 09:58:00\nHost: srv\n", "Error: x\nTime: 2025-11-03 09:58:00\nHost: srv", "", ""},
		{"signature", "Hi\n\n-- \nAnna\nCustomer Ltd\n", "Hi", "-- \nAnna\nCustomer Ltd", ""},
		{"signature before a quote", "Hi\n-- \nAnna\n\n> Q\n", "Hi", "-- \nAnna", ""},
		{"phone", "Hi\n\nSent from my iPhone\n", "Hi", "Sent from my iPhone", ""},
		{"phone in Turkish", "Merhaba\n\niPhone'umdan gönderildi\n", "Merhaba", "iPhone'umdan gönderildi", ""},
		{"phone in Japanese", "はい\n\niPhoneから送信\n", "はい", "iPhoneから送信", ""},
		{"Outlook on a phone", "Hi\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n", "Hi", "Get Outlook for iOS<https://aka.ms/o0ukef>", ""},
		{"phones one writes about", "My iPhone is broken.\n", "My iPhone is broken.", "", ""},
		{"dashes between paragraphs", "One\n--\n" + strings.Repeat("line\n", 20), "One\n--\n" + strings.TrimSpace(strings.Repeat("line\n", 20)), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			parts := mail.Split(c.text)
			if got := parts.New(); got != c.fresh {
				t.Errorf("new is %q, want %q", got, c.fresh)
			}
			if got := parts.Signature(); got != c.signature {
				t.Errorf("the signature is %q, want %q", got, c.signature)
			}
			from := ""
			for _, p := range parts {
				if from == "" && p.Kind == mail.Quote {
					from = p.From.Mail
				}
			}
			if from != c.from {
				t.Errorf("the quote is from %q, want %q", from, c.from)
			}
		})
	}
}

func TestSplitLosesNothing(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"Hello", "", "> quoted", ">> deeper", "On Mon, Nov 3, 2025 at 9:58 AM A <a@x.example> wrote:", "-- ", "--", "From: A <a@x.example>", "Sent: 3.11.2025 09:58", "To: b@y.example", "Subject: x",
		"________________", "Sent from my iPhone", "-----Original Message-----", "\u00a0", "wrote:", "a: b", "\t> x", "日本語：", " ",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 25).Draw(t, "lines"), rapid.SampledFrom([]string{"\n", "\n\n"}).Draw(t, "end"))
		again := ""
		for _, p := range mail.Split(text) {
			again += p.Text
		}
		if again != text {
			t.Fatalf("%q became %q", text, again)
		}
	})
}

func TestForwardsAreToldByPeople(t *testing.T) {
	t.Parallel()
	outlook := func(from, to string) string {
		return "Text\n\nFrom: " + from + "\nSent: Monday, November 3, 2025 9:58 AM\nTo: " + to + "\nSubject: X\n\nQ\n"
	}
	for _, c := range []struct {
		name, head, text string
		want             bool
	}{
		{"a reply", "In-Reply-To: <q@itsm.example>\n", outlook("Desk <desk@itsm.example>", "Anna <anna@x.example>"), false},
		{"a reply to a name", "", outlook("Service Desk", "Anna"), false},
		{"a forward", "", outlook("Bob <bob@y.example>", "Anna <anna@x.example>"), true},
		{"a forward in a thread", "References: <a@y>\n", outlook("Bob <bob@y.example>", "Anna <anna@x.example>"), true},
		{"a copy to us of an answer to somebody", "Cc: bob@y.example\n", outlook("Bob <bob@y.example>", "Anna <anna@x.example>"), false},
		{"following up what went to us", "", outlook("Anna <anna@x.example>", "Desk <desk@itsm.example>"), false},
		{"an answer below a line of attribution", "In-Reply-To: <q@z>\n", "Text\n\nOn 3/11/2025 09:58, Bob <bob@y.example> wrote:\n> Q\n", false},
		{"the word alone makes none", "", "FW: WG: TR: Fwd: hello\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := read(t, "From: Anna <anna@x.example>\nTo: Service Desk <desk@itsm.example>\nSubject: Fwd: X\n"+c.head+"\n"+c.text)
			got, why := mail.IsForward(m, mail.Split(m.Text))
			if got != c.want {
				t.Errorf("forward is %v: %v", got, why)
			}
			if got && why.Text == "" {
				t.Error("no reason is given")
			}
		})
	}
}

func TestThanksAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Thanks!", "Thank you very much.", "Thanks a lot, it works now.", "Hi Anna,\n\nthank you for the quick help!\n\nBest regards\nCarl Meier", "Great, thanks :-)", "Perfect, thank you 👍", "Thx", "Cheers",
		"Vielen Dank!", "Danke, funktioniert wieder.", "Hallo Frau Schmidt,\n\nherzlichen Dank für die schnelle Hilfe.\n\nMit freundlichen Grüßen\nAnna Meier", "Besten Dank", "super danke", "Merci beaucoup !", "Bonjour,\nmerci pour votre aide.\nCordialement",
		"Muchas gracias por su ayuda.", "Grazie mille", "Obrigado!", "Bedankt, het werkt weer.", "Tack så mycket!", "Tak for hjælpen", "Kiitos paljon!", "Děkuji moc", "Dziękuję bardzo za pomoc", "Спасибо большое!", "Teşekkürler", "Köszönöm",
		"ありがとうございます。", "ありがとうございました。助かりました。", "谢谢！", "非常感谢您的帮助", "감사합니다", "The problem is solved, thank you.",
	} {
		if !mail.OnlyThanks(text) {
			t.Errorf("%q is thanks alone", text)
		}
	}
	for _, text := range []string{
		"", "Hello", "OK", "It works.", "Thanks, but it still does not work.", "Thanks. Can you also look at the printer?", "Thank you, when will it be done", "Thanks in advance for fixing the printer on floor 3", "Danke, geht aber immer noch nicht.",
		"Danke, es gibt noch ein Problem.", "Vielen Dank. Der Drucker druckt wieder nicht.", "Thanks, we have a problem", "Thanks, the code is 4711", "Merci, mais ça ne marche pas", "Gracias, pero no funciona", "Thanks!\n\nhttps://x.example", "Thanks for nothing", "No thanks",
		"Спасибо, но не работает", "ありがとうございます。まだ動きません。", "谢谢，还是不行", "谢谢，请问什么时候可以？", "감사합니다. 아직 안 됩니다.", "Thanks. Anna will call you tomorrow.", "Grazie, ma non funziona", "Tack, men det fungerar inte", "Thank you for calling. Printer broken", strings.Repeat("thanks ", 60),
	} {
		if mail.OnlyThanks(text) {
			t.Errorf("%q says more than thanks", text)
		}
	}
}
