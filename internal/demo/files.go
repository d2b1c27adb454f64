package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/blob"
)

// file is an attachment of a story.
type file struct {
	name, media string
	content     []byte
}

// variants is how many of each sort of file there are: many tickets share one,
// and so its bytes are stored once.
const variants = 3

// files makes all attachments, by their sort.
func files() (map[string][]file, error) {
	all := map[string][]file{}
	for i := range variants {
		for kind, made := range map[string]func(int) (file, error){"screenshot": screenshot, "photo": photo, "plan": plan, "log": logFile, "csv": table} {
			f, err := made(i)
			if err != nil {
				return nil, err
			}
			all[kind] = append(all[kind], f)
		}
	}
	return all, nil
}

// store puts the bytes of all files into the blob store and gives what histories
// say of them.
func store(ctx context.Context, blobs blob.Store) (map[string][]ticket.Attachment, error) {
	all, err := files()
	if err != nil {
		return nil, err
	}
	out := map[string][]ticket.Attachment{}
	for kind, made := range all {
		for _, f := range made {
			const limit = 1 << 20
			info, err := blobs.Put(ctx, bytes.NewReader(f.content), limit)
			if err != nil {
				return nil, err
			}
			out[kind] = append(out[kind], ticket.Attachment{Name: f.name, MediaType: f.media, Size: info.Size, SHA256: info.Key})
		}
	}
	return out, nil
}

// canvas is a picture that is drawn of rectangles.
type canvas struct{ *image.RGBA }

func newCanvas(w, h int, ground color.Color) canvas {
	c := canvas{image.NewRGBA(image.Rect(0, 0, w, h))}
	c.box(0, 0, w, h, ground)
	return c
}

func (c canvas) box(x, y, w, h int, fill color.Color) {
	draw.Draw(c.RGBA, image.Rect(x, y, x+w, y+h), image.NewUniform(fill), image.Point{}, draw.Src)
}

func (c canvas) file(name string) (file, error) {
	var b bytes.Buffer
	err := png.Encode(&b, c.RGBA)
	return file{name, "image/png", b.Bytes()}, err
}

var (
	white = color.RGBA{255, 255, 255, 255}
	grey  = color.RGBA{225, 227, 232, 255}
	dark  = color.RGBA{70, 74, 86, 255}
	red   = color.RGBA{200, 60, 50, 255}
	blue  = color.RGBA{63, 86, 214, 255}
)

// screenshot is a window with a message in the middle.
func screenshot(i int) (file, error) {
	c := newCanvas(640, 400, grey)
	c.box(0, 0, 640, 28, blue)
	for row := range 8 + i {
		c.box(24, 56+row*34, 180+(row*97+i*53)%360, 12, white)
	}
	c.box(150, 130, 340, 140, white)
	c.box(150, 130, 340, 6, red)
	c.box(174, 160, 34, 34, red)
	c.box(224, 160, 220, 10, dark)
	c.box(224, 182, 150+i*20, 10, dark)
	c.box(390, 232, 80, 22, blue)
	return c.file([]string{"error message.png", "screenshot.png", "Screen Shot at 09.14.png"}[i])
}

// photo is a device with a blinking light.
func photo(i int) (file, error) {
	c := newCanvas(480, 640, color.RGBA{186, 178, 165, 255})
	c.box(70, 120, 340, 380, dark)
	c.box(100, 150, 280, 120, color.RGBA{160, 190, 170, 255})
	c.box(116, 170, 150+i*30, 12, dark)
	c.box(116, 196, 90, 12, dark)
	c.box(110+i*60, 320, 26, 26, red)
	c.box(110, 400, 260, 60, grey)
	return c.file([]string{"IMG_4471.png", "photo.png", "display.png"}[i])
}

// plan is a floor with its desks.
func plan(i int) (file, error) {
	c := newCanvas(560, 420, white)
	c.box(20, 20, 520, 6, dark)
	c.box(20, 394, 520, 6, dark)
	c.box(20, 20, 6, 380, dark)
	c.box(534, 20, 6, 380, dark)
	for row := range 3 {
		for col := range 5 {
			fill := grey
			if (row*5+col)%4 == i {
				fill = blue
			}
			c.box(60+col*94, 70+row*104, 70, 42, fill)
		}
	}
	return c.file([]string{"floor plan.png", "desks.png", "plan new office.png"}[i])
}

func logFile(i int) (file, error) {
	var b strings.Builder
	for n := range 40 {
		level, text := "INFO", "heartbeat ok"
		switch {
		case n%9 == 4:
			level, text = "WARN", "slow answer from upstream, 2431 ms"
		case n > 30:
			level, text = "ERROR", []string{"connection reset by peer", "timeout after 30000 ms", "session 0x4711 lost"}[i]
		}
		fmt.Fprintf(&b, "2026-01-%02d 08:%02d:%02d %-5s %s\n", 10+i, 10+n/4, n*7%60, level, text)
	}
	return file{[]string{"gateway.log", "client.log", "session.log"}[i], "text/plain; charset=utf-8", []byte(b.String())}, nil
}

func table(i int) (file, error) {
	var b strings.Builder
	b.WriteString("cost centre;account;text;amount\n")
	for n := range 25 {
		fmt.Fprintf(&b, "%d;%d;%s;%d.%02d\n", 4400+n%5*10, 60_000+n*13, []string{"repair", "fuel", "rent", "tolls"}[n%4], 100+n*37*(i+1), n*17%100)
	}
	return file{[]string{"list.csv", "details.csv", "open items.csv"}[i], "text/plain; charset=utf-8", []byte(b.String())}, nil
}
