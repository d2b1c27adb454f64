package paper

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"sync"

	"golang.org/x/image/font/sfnt"
)

//go:embed fonts/*.gz
var files embed.FS

// face is one of the bundled fonts.
type face struct {
	family, style string
	load          func() (loaded, error)
}

// loaded is a font in memory.
type loaded struct {
	bytes []byte
	table *sfnt.Font
}

func bundled(family, style, file string) *face {
	return &face{family: family, style: style, load: sync.OnceValues(func() (loaded, error) {
		packed, err := files.ReadFile("fonts/" + file + ".ttf.gz")
		if err != nil {
			return loaded{}, err
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return loaded{}, err
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			return loaded{}, err
		}
		table, err := sfnt.Parse(raw)
		return loaded{raw, table}, err
	})}
}

// The fonts, in the order in which a letter is looked for after its own.
var (
	regular = bundled("text", "", "LiberationSans-Regular")
	bold    = bundled("text", "B", "LiberationSans-Bold")
	mono    = bundled("mono", "", "LiberationMono-Regular")
	wide    = bundled("wide", "", "DroidSansFallbackFull")
)

// has reports whether a font can show a letter. Letters beyond the basic plane
// are none that a PDF of ours can hold.
func (f *face) has(r rune) bool {
	l, err := f.load()
	if err != nil || r > 0xFFFF {
		return false
	}
	var b sfnt.Buffer
	glyph, err := l.table.GlyphIndex(&b, r)
	return err == nil && glyph != 0
}
