package ui

import (
	"math"
	"strconv"
)

// scale maps values to heights in pixels, between round numbers.
type scale struct {
	low, high float64
	height    float64
	ticks     []float64
}

// bounds gives the least and greatest value that is to be drawn. Zero is always
// among them: an axis that begins elsewhere makes small differences look large.
func (c Chart) bounds() (low, high float64) {
	take := func(v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	for i := range c.Labels {
		var up, down float64
		for _, s := range c.Series {
			v := s.value(i)
			if c.Kind != ChartStacked {
				take(v)
				continue
			}
			if v > 0 && !math.IsInf(v, 0) {
				up += v
			} else if v < 0 && !math.IsInf(v, 0) {
				down += v
			}
		}
		take(up)
		take(down)
	}
	if c.Target.Label != "" {
		take(c.Target.Value)
	}
	if c.Band.Label != "" {
		take(c.Band.Low)
		take(c.Band.High)
	}
	return low, high
}

func (c Chart) scale() scale {
	height := 180.0
	if c.Tall {
		height = 300
	}
	low, high := c.bounds()
	if low == high { // nothing but zeros
		high = map[Unit]float64{UnitShare: 1, UnitDuration: 3600}[c.Unit]
		if high == 0 {
			high = 4
		}
	}
	step := niceStep((high-low)/4, c.Unit)
	s := scale{low: math.Floor(low/step) * step, high: math.Ceil(high/step) * step, height: height}
	for i := 0; i < 12; i++ {
		tick := s.low + float64(i)*step
		if tick > s.high+step/2 {
			break
		}
		s.ticks = append(s.ticks, tick)
	}
	return s
}

// niceStep raises a step to a round number of its unit.
func niceStep(step float64, unit Unit) float64 {
	if unit == UnitDuration {
		const minute, hour, day = 60, 3600, 86400
		for _, round := range []float64{
			1, 5, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
			hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 5 * day, 7 * day,
		} {
			if step <= round {
				return round
			}
		}
		return niceStep(step/(7*day), UnitScore) * 7 * day
	}
	if unit == UnitCount && step <= 1 {
		return 1
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if unit == UnitCount && m == 2.5 && magnitude < 10 {
			continue // no half tickets
		}
		if step <= m*magnitude*(1+1e-9) {
			return m * magnitude
		}
	}
	return 10 * magnitude
}

// top is the room above the highest tick, for its label.
const top = 12.0

// y gives the height of a value from the top of the plot.
func (s scale) y(v float64) float64 {
	return top + s.height*(s.high-v)/(s.high-s.low)
}

// px writes a length for an attribute.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// share writes a part of one as a percentage of the width.
func share(part float64) string {
	return strconv.FormatFloat(math.Round(part*1e5)/1e3, 'f', -1, 64) + "%"
}

// center is where a label stands, as a part of the width.
func (c Chart) center(i int) float64 { return (float64(i) + 0.5) / float64(len(c.Labels)) }

// bar is a rectangle of a chart: x and width are parts of the width, y and
// height are pixels.
type bar struct {
	series, label       int
	x, width, y, height float64
}

// bars lays out the rectangles of a bar chart or a stacked one.
func (c Chart) bars(s scale) []bar {
	var out []bar
	slot := 1 / float64(len(c.Labels))
	room := slot * 0.72
	for i := range c.Labels {
		var up, down float64
		for k, series := range c.Series {
			v := series.value(i)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			b := bar{series: k, label: i, x: c.center(i) - room/2, width: room}
			from := 0.0
			if c.Kind == ChartStacked {
				if v >= 0 {
					from, up = up, up+v
				} else {
					from, down = down, down+v
				}
			} else {
				b.width = room / float64(len(c.Series))
				b.x += b.width * float64(k)
			}
			b.y = min(s.y(from), s.y(from+v))
			b.height = max(math.Abs(s.y(from)-s.y(from+v)), 1.5) // zero is seen, too
			if c.Kind == ChartStacked && v == 0 {
				continue
			}
			out = append(out, b)
		}
	}
	return out
}

// width is the x scale of a line's own drawing, which is stretched to the room.
const lineWidth = 1000.0

// path draws a series as a line that breaks at gaps.
func (c Chart) path(k int, s scale) string {
	d, pen := "", "M"
	for i := range c.Labels {
		v := c.Series[k].value(i)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			pen = "M"
			continue
		}
		d += pen + px(c.center(i)*lineWidth) + " " + px(s.y(v))
		pen = "L"
	}
	return d
}

// marker draws the shape that tells the points of a series from another's.
func marker(series int) string {
	return [looks]string{
		"M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",               // circle
		"M-3.2-3.2H3.2V3.2H-3.2Z",                                     // square
		"M0-4.4L4.2 3.2H-4.2Z",                                        // triangle
		"M0-4.6L4.6 0L0 4.6L-4.6 0Z",                                  // diamond
		"M0 4.4L4.2-3.2H-4.2Z",                                        // triangle, turned over
		"M-3.8-1.3H-1.3V-3.8H1.3V-1.3H3.8V1.3H1.3V3.8H-1.3V1.3H-3.8Z", // cross
	}[series%looks]
}

// tickEvery is how many labels share one that is written: about eight fit a
// desk's screen. Of those, a phone shows every second.
func (c Chart) tickEvery() int { return max(1, (len(c.Labels)+7)/8) }

// axisWidth is the room that the longest number beside the plot takes.
func axisWidth(labels []string) string {
	n := 0
	for _, l := range labels {
		n = max(n, len([]rune(l)))
	}
	return strconv.Itoa(14 + n*7)
}

// depth is the step of a heat map's colour, 0 to 5.
func depth(v, greatest float64) int {
	if math.IsNaN(v) || v <= 0 || greatest <= 0 {
		return 0
	}
	return max(1, int(math.Ceil(min(v/greatest, 1)*5)))
}

// greatest is the largest amount of the chart.
func (c Chart) greatest() float64 {
	most := 0.0
	for _, s := range c.Series {
		for i := range c.Labels {
			if v := s.value(i); !math.IsNaN(v) && !math.IsInf(v, 0) {
				most = max(most, math.Abs(v))
			}
		}
	}
	return most
}

// spark draws a small line in a box of 100 by 28, breaking at gaps.
func spark(values []float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	if high == low {
		high = low + 1
	}
	d, pen := "", "M"
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			pen = "M"
			continue
		}
		x := 50.0
		if len(values) > 1 {
			x = 100 * float64(i) / float64(len(values)-1)
		}
		d += pen + px(x) + " " + px(25-22*(v-low)/(high-low))
		pen = "L"
	}
	return d
}
