package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // kinds of pictures that can be read
	"image/jpeg"
	_ "image/png" // another
	"io"

	"github.com/go-pdf/fpdf"
)

const (
	maxPixels   = 24_000_000 // of a picture that is read
	shownWide   = 900        // pixels of one that is written
	pictureWide = 85.0       // millimetres at most
	pictureHigh = 70.0
)

// Picture shows a picture, small; false when it is of a kind that cannot be read
// or too large.
func (d *Document) Picture(r io.ReadSeeker) bool {
	about, _, err := image.DecodeConfig(r)
	if err != nil || about.Width < 1 || about.Height < 1 || about.Width*about.Height > maxPixels {
		return false
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return false
	}
	full, _, err := image.Decode(r)
	if err != nil {
		return false
	}
	// Whatever it was, it is written as a plain JPEG: no profile, no hidden data.
	var b bytes.Buffer
	small := shrink(full, shownWide)
	if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: 82}); err != nil {
		return false
	}
	ratio := float64(small.Bounds().Dy()) / float64(small.Bounds().Dx())
	width := min(pictureWide, float64(about.Width)*0.2646) // at 96 dots an inch
	if width*ratio > pictureHigh {
		width = pictureHigh / ratio
	}
	d.room(width*ratio + 2)
	if d.full {
		return true
	}
	name := fmt.Sprintf("picture-%d-%d", d.pdf.PageNo(), b.Len())
	options := fpdf.ImageOptions{ImageType: "JPEG"}
	d.pdf.RegisterImageOptionsReader(name, options, &b)
	d.pdf.ImageOptions(name, margin, d.y, width, width*ratio, false, options, 0, "")
	d.y += width*ratio + 2
	return true
}

// shrink gives a picture on white, at most so many pixels wide; each pixel is the
// mean of those it stands for.
func shrink(src image.Image, most int) *image.RGBA {
	in := src.Bounds()
	step := max(1, (in.Dx()+most-1)/most)
	out := image.NewRGBA(image.Rect(0, 0, max(1, in.Dx()/step), max(1, in.Dy()/step)))
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			out.SetRGBA(x, y, mean(src, in.Min.X+x*step, in.Min.Y+y*step, step))
		}
	}
	return out
}

func mean(src image.Image, x0, y0, step int) color.RGBA {
	var r, g, b, n uint64
	end := src.Bounds().Max
	for y := y0; y < min(y0+step, end.Y); y++ {
		for x := x0; x < min(x0+step, end.X); x++ {
			pr, pg, pb, pa := src.At(x, y).RGBA()
			white := uint64(0xFFFF - pa) // what shines through
			r, g, b, n = r+uint64(pr)+white, g+uint64(pg)+white, b+uint64(pb)+white, n+1
		}
	}
	n = max(n, 1)
	return color.RGBA{uint8(r / n >> 8), uint8(g / n >> 8), uint8(b / n >> 8), 255}
}
