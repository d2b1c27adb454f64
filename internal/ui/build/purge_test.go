package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPurgingKeepsWhatPagesUse(t *testing.T) {
	t.Parallel()
	used := wordSet{"row": true, "d-flex": true, "gap-2": true, "w-50": true}
	for name, c := range map[string]struct{ css, want string }{
		"elements stay":                       {`a{color:red}`, "a{color:red;}"},
		"unused classes go":                   {`.card{color:red}.row{color:blue}`, ".row{color:blue;}"},
		"every class of a selector counts":    {`.row .card{color:red}`, ""},
		"a list keeps its used part":          {`.card,.row,.btn{color:red}`, ".row{color:red;}"},
		"what is negated need not be used":    {`.row:not(.card){color:red}`, ".row:not(.card){color:red;}"},
		"commas in brackets do not split":     {`.row:is(a,b){color:red}`, ".row:is(a,b){color:red;}"},
		"empty media queries go":              {`@media print{.card{color:red}}`, ""},
		"used ones stay in media queries":     {`@media print{.row{color:red}}`, "@media print{.row{color:red;}}"},
		"unread custom properties go":         {`:root{--a:1;--b:2}.row{width:var(--b)}`, ":root{--b:2;}.row{width:var(--b);}"},
		"chains of custom properties go":      {`:root{--a:1;--b:var(--a)}`, ""},
		"key frames nobody plays go":          {`@keyframes spin{to{opacity:0}}`, ""},
		"key frames somebody plays stay":      {`@keyframes spin{to{opacity:0}}.row{animation:spin 1s}`, "@keyframes spin{to{opacity:0;}}.row{animation:spin 1s;}"},
		"semicolons in addresses are no ends": {`.row{background:url("data:a;b}c")}`, `.row{background:url("data:a;b}c");}`},
		"comments are dropped":                {`/* } */.row{/* ; */color:red}`, ".row{color:red;}"},
		"statements stay":                     {`@charset "UTF-8";.row{color:red}`, `@charset "UTF-8";.row{color:red;}`},
	} {
		got := strings.ReplaceAll(purge(c.css, used), "\n", "")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestBundlesAreTheSameEachTime is what lets a release be rebuilt and compared.
func TestBundlesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("the same bytes ", 1000))
	for name, pack := range map[string]func([]byte) ([]byte, error){"gzip": gzipped, "brotli": brotlied} {
		first, err := pack(body)
		if err != nil {
			t.Fatal(err)
		}
		second, err := pack(body)
		if err != nil {
			t.Fatal(err)
		}
		if string(first) != string(second) {
			t.Errorf("%s gave two answers", name)
		}
	}
}
