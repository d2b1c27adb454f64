package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// marks signs and reads the marks by which an answer finds its ticket: the id and
// a code that only we can make, in letters and digits that survive being put into
// an address in whatever case.
type marks struct{ key []byte }

// codeBytes of the code are 80 bits: nobody guesses one.
const codeBytes = 10

var codeText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

func (m marks) code(ticket int64) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte("ticket:" + strconv.FormatInt(ticket, 10)))
	return codeText.EncodeToString(h.Sum(nil)[:codeBytes])
}

// of gives a ticket's mark: "t1a2b3c-" and the code.
func (m marks) of(ticket int64) string {
	return "t" + strconv.FormatInt(ticket, 36) + "-" + m.code(ticket)
}

// read gives the ticket a mark stands for; false unless we made it.
func (m marks) read(mark string) (int64, bool) {
	mark = strings.ToLower(mark)
	id, _, found := strings.Cut(strings.TrimPrefix(mark, "t"), "-")
	n, err := strconv.ParseInt(id, 36, 64)
	if !found || err != nil || n <= 0 || !hmac.Equal([]byte(mark), []byte(m.of(n))) {
		return 0, false
	}
	return n, true
}

// messageID gives the Message-ID of a letter: it has the ticket's mark, if there is
// a ticket, and is unique by the letter.
func (m marks) messageID(ticket, letter int64, domain string) string {
	local := "letter." + strconv.FormatInt(letter, 36)
	if ticket != 0 {
		local = m.of(ticket) + "." + strconv.FormatInt(letter, 36)
	}
	return local + "@" + domain
}

// inID finds the ticket in a Message-ID of ours.
func (m marks) inID(id string) (int64, bool) {
	local, _, _ := strings.Cut(id, "@")
	mark, _, _ := strings.Cut(local, ".")
	return m.read(mark)
}

// plus puts a ticket's mark into an address: desk+MARK@example.org.
func (m marks) plus(address string, ticket int64) string {
	local, domain, ok := strings.Cut(address, "@")
	out := local + "+" + m.of(ticket) + "@" + domain
	const longest = 64 // of a local part (RFC 5321)
	if !ok || len(local)+1+len(m.of(ticket)) > longest {
		return address
	}
	return out
}

// inAddress finds the ticket in an address that plus made, and the address it was
// made of.
func (m marks) inAddress(address string) (ticket int64, plain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return 0, address, false
	}
	local, domain := address[:at], address[at:]
	before, mark, found := strings.Cut(local, "+")
	if !found {
		return 0, address, false
	}
	ticket, ok = m.read(mark)
	return ticket, before + domain, ok
}

// threadPrefix begins what stands for an Outlook conversation among the ids of
// messages; the blank keeps it apart from every one of them.
const threadPrefix = "thread-index "

// threadKeys gives what stands for an Outlook conversation: the first 22 bytes of a
// message's Thread-Index, which all its answers share ([MS-OXOMSG] 2.2.1.3).
// Outlook leaves out References where a server in between does not keep them.
func threadKeys(threadIndex string) []string {
	const head, answer, longest = 22, 5, 2000
	index, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(threadIndex), ""))
	if err != nil || len(index) < head || len(index) > longest || (len(index)-head)%answer != 0 || index[0] != 1 {
		return nil
	}
	return []string{threadPrefix + hex.EncodeToString(index[:head])}
}

// threadWord is a conversation's key as people see it.
func threadWord(key string) string { return strings.TrimPrefix(key, threadPrefix) }
