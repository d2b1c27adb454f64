package process

import (
	"cmp"
	"math"
	"slices"
)

// A layered drawing (Sugiyama, Tagawa, Toda 1981): what usually comes first is
// on top, steps back are turned over for the layout, places of a layer are put
// in the order that crosses least, and long steps bend around what lies between.

// Drawing is a map with places on a plane, in pixels.
type Drawing struct {
	Width, Height float64
	Places        []DrawnPlace
	Steps         []DrawnStep
}

// DrawnPlace is a place and the middle of its box. Begin and End are places of
// their own, without a Place.
type DrawnPlace struct {
	Place
	Begin, End bool
	X, Y       float64
}

// DrawnStep is a step and the points its line passes, from box to box.
type DrawnStep struct {
	Step
	Points  []Point
	LabelX  float64
	LabelY  float64
	Against bool // goes up: against the usual direction
}

// Point is a point of a drawing.
type Point struct{ X, Y float64 }

// Sizes of a drawing.
const (
	BoxWidth  = 164.0
	BoxHeight = 48.0
	layerGap  = 66.0
	boxGap    = 28.0
	bendWidth = 96.0 // room for a line that passes a layer, and for its label
	margin    = 14.0
)

// knot is a place of the layout: a box, or a bend of a long step.
type knot struct {
	place  int // index of the place; -1 is the beginning, -2 the end, -3 a bend
	layer  int
	order  int
	x      float64
	up, dn []int // neighbours in the layer above and below
}

const (
	beginKnot = -1
	endKnot   = -2
	bendKnot  = -3
)

func (k *knot) width() float64 {
	if k.place == bendKnot {
		return bendWidth
	}
	return BoxWidth
}

// layout is a drawing on its way.
type layout struct {
	m      Map
	knots  []knot
	of     map[string]int // place key to knot; outside is kept in begin and end
	begin  int
	end    int
	layers [][]int
	chains [][]int // for each step, the knots from its upper end to its lower one
	turned []bool  // for each step, whether it goes up
}

// Arrange lays a map out.
func Arrange(m Map) Drawing {
	if len(m.Places) == 0 {
		return Drawing{}
	}
	l := &layout{m: m, of: map[string]int{}}
	l.place()
	l.layer()
	l.bend()
	l.order()
	l.spread()
	return l.draw()
}

func (l *layout) place() {
	l.knots = append(l.knots, knot{place: beginKnot})
	l.begin = 0
	for i, p := range l.m.Places {
		l.of[p.Key] = len(l.knots)
		l.knots = append(l.knots, knot{place: i})
	}
	l.end = len(l.knots)
	l.knots = append(l.knots, knot{place: endKnot})
}

func (l *layout) ends(s Step) (from, to int) {
	from, to = l.begin, l.end
	if s.From != outside {
		from = l.of[s.From]
	}
	if s.To != outside {
		to = l.of[s.To]
	}
	return from, to
}

// layer turns steps that go back, and puts every knot below all it comes from.
func (l *layout) layer() {
	rank := l.ranks()
	l.turned = make([]bool, len(l.m.Steps))
	below := map[int][]int{}
	for i, s := range l.m.Steps {
		from, to := l.ends(s)
		if rank[from] > rank[to] {
			l.turned[i] = true
			from, to = to, from
		}
		below[from] = append(below[from], to)
	}
	sequence := make([]int, len(l.knots))
	for i := range sequence {
		sequence[i] = i
	}
	slices.SortFunc(sequence, func(a, b int) int { return rank[a] - rank[b] })
	for _, k := range sequence {
		for _, to := range below[k] {
			l.knots[to].layer = max(l.knots[to].layer, l.knots[k].layer+1)
		}
	}
	deepest := 0
	for i := range l.knots {
		if i != l.end {
			deepest = max(deepest, l.knots[i].layer)
		}
	}
	l.knots[l.end].layer = deepest + 1
}

// ranks orders knots so that few tickets go against the order: greedily, the
// knot that more tickets leave than enter, of those that are left, comes next
// (Eades, Lin, Smyth 1993).
func (l *layout) ranks() []int {
	n := len(l.knots)
	out, in := make([]map[int]int, n), make([]map[int]int, n)
	for i := range n {
		out[i], in[i] = map[int]int{}, map[int]int{}
	}
	for _, s := range l.m.Steps {
		from, to := l.ends(s)
		out[from][to] += s.Count
		in[to][from] += s.Count
	}
	rank := make([]int, n)
	done := make([]bool, n)
	take := func(k, at int) {
		rank[k], done[k] = at, true
		for to := range out[k] {
			delete(in[to], k)
		}
		for from := range in[k] {
			delete(out[from], k)
		}
	}
	take(l.begin, 0)
	done[l.end] = true
	rank[l.end] = n - 1
	low, high := 1, n-2
	sum := func(m map[int]int) int {
		total := 0
		for _, c := range m {
			total += c
		}
		return total
	}
	for low <= high {
		best, bestScore := -1, math.MinInt
		sink := -1
		for k := range n {
			if done[k] {
				continue
			}
			leaving, entering := sum(out[k])-out[k][l.end], sum(in[k])
			if leaving == 0 && sink < 0 {
				sink = k
			}
			if score := leaving - entering; entering == 0 || score > bestScore {
				if entering == 0 {
					score = math.MaxInt
				}
				if score > bestScore {
					best, bestScore = k, score
				}
			}
		}
		if sink >= 0 && bestScore != math.MaxInt {
			take(sink, high)
			high--
			continue
		}
		take(best, low)
		low++
	}
	return rank
}

// bend gives steps over several layers a knot in each of those between.
func (l *layout) bend() {
	for i, s := range l.m.Steps {
		from, to := l.ends(s)
		if l.turned[i] {
			from, to = to, from
		}
		chain := []int{from}
		for layer := l.knots[from].layer + 1; layer < l.knots[to].layer; layer++ {
			l.knots = append(l.knots, knot{place: bendKnot, layer: layer})
			chain = append(chain, len(l.knots)-1)
		}
		chain = append(chain, to)
		for j := 1; j < len(chain); j++ {
			a, b := chain[j-1], chain[j]
			l.knots[a].dn = append(l.knots[a].dn, b)
			l.knots[b].up = append(l.knots[b].up, a)
		}
		l.chains = append(l.chains, chain)
	}
	l.layers = make([][]int, l.knots[l.end].layer+1)
	for i := range l.knots {
		k := &l.knots[i]
		k.order = len(l.layers[k.layer])
		l.layers[k.layer] = append(l.layers[k.layer], i)
	}
}

// order sweeps down and up, putting each knot at the mean of its neighbours.
func (l *layout) order() {
	best := l.snapshot()
	fewest := l.crossings()
	for sweep := range 12 {
		for step := range l.layers {
			at := step
			if sweep%2 == 1 {
				at = len(l.layers) - 1 - step
			}
			l.sort(l.layers[at], sweep%2 == 0)
		}
		if n := l.crossings(); n < fewest {
			fewest, best = n, l.snapshot()
		}
	}
	for i, layer := range best {
		l.layers[i] = layer
		for order, k := range layer {
			l.knots[k].order = order
		}
	}
}

func (l *layout) snapshot() [][]int {
	out := make([][]int, len(l.layers))
	for i, layer := range l.layers {
		out[i] = slices.Clone(layer)
	}
	return out
}

func (l *layout) sort(layer []int, fromAbove bool) {
	mean := map[int]float64{}
	for _, k := range layer {
		neighbours := l.knots[k].dn
		if fromAbove {
			neighbours = l.knots[k].up
		}
		mean[k] = float64(l.knots[k].order)
		if len(neighbours) > 0 {
			sum := 0.0
			for _, n := range neighbours {
				sum += float64(l.knots[n].order)
			}
			mean[k] = sum / float64(len(neighbours))
		}
	}
	slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	for order, k := range layer {
		l.knots[k].order = order
	}
}

func (l *layout) crossings() int {
	n := 0
	for _, layer := range l.layers {
		var ends []int
		for _, k := range layer {
			below := make([]int, 0, len(l.knots[k].dn))
			for _, d := range l.knots[k].dn {
				below = append(below, l.knots[d].order)
			}
			slices.Sort(below)
			for _, b := range below {
				for _, e := range ends {
					if e > b {
						n++
					}
				}
			}
			ends = append(ends, below...)
		}
	}
	return n
}

// spread gives knots their x: side by side, then drawn towards their neighbours
// as far as the order and the room allow.
func (l *layout) spread() {
	for _, layer := range l.layers {
		x := 0.0
		for _, k := range layer {
			l.knots[k].x = x + l.knots[k].width()/2
			x += l.knots[k].width() + boxGap
		}
		for _, k := range layer {
			l.knots[k].x -= x / 2
		}
	}
	for pass := range 24 {
		for step := range l.layers {
			at := step
			if pass%2 == 1 {
				at = len(l.layers) - 1 - step
			}
			l.pull(l.layers[at])
		}
	}
}

// gap keeps boxes apart; lines that pass side by side need less.
func (l *layout) gap(a, b int) float64 {
	if l.knots[a].place == bendKnot || l.knots[b].place == bendKnot {
		return boxGap / 4
	}
	return boxGap
}

// pull moves the knots of a layer to the mean of their neighbours, then apart
// from both sides; the mean of the two keeps the layer where it belongs.
func (l *layout) pull(layer []int) {
	wanted := make([]float64, len(layer))
	for i, k := range layer {
		sum, n := 0.0, 0.0
		for _, other := range slices.Concat(l.knots[k].up, l.knots[k].dn) {
			weight := 1.0
			if l.knots[k].place == bendKnot && l.knots[other].place == bendKnot {
				weight = 4 // long lines are straight
			}
			sum += weight * l.knots[other].x
			n += weight
		}
		wanted[i] = l.knots[k].x
		if n > 0 {
			wanted[i] = sum / n
		}
	}
	right, left := slices.Clone(wanted), slices.Clone(wanted)
	for i := 1; i < len(layer); i++ {
		right[i] = max(right[i], right[i-1]+l.apart(layer[i-1], layer[i]))
	}
	for i := len(layer) - 2; i >= 0; i-- {
		left[i] = min(left[i], left[i+1]-l.apart(layer[i], layer[i+1]))
	}
	for i, k := range layer {
		l.knots[k].x = (right[i] + left[i]) / 2
	}
}

func (l *layout) apart(a, b int) float64 {
	return (l.knots[a].width()+l.knots[b].width())/2 + l.gap(a, b)
}

func (l *layout) draw() Drawing {
	least, most := math.Inf(1), math.Inf(-1)
	for i := range l.knots {
		k := &l.knots[i]
		least, most = min(least, k.x-k.width()/2), max(most, k.x+k.width()/2)
	}
	y := func(layer int) float64 { return margin + BoxHeight/2 + float64(layer)*(BoxHeight+layerGap) }
	d := Drawing{Width: most - least + 2*margin, Height: y(len(l.layers)-1) + BoxHeight/2 + margin}
	for i := range l.knots {
		l.knots[i].x += margin - least
		k := l.knots[i]
		p := DrawnPlace{Begin: k.place == beginKnot, End: k.place == endKnot, X: k.x, Y: y(k.layer)}
		if k.place >= 0 {
			p.Place = l.m.Places[k.place]
		}
		if k.place != bendKnot {
			d.Places = append(d.Places, p)
		}
	}
	for i, s := range l.m.Steps {
		d.Steps = append(d.Steps, l.line(s, l.chains[i], l.turned[i], y))
	}
	return d
}

// line leaves a box below its middle and enters the next above it; those that go
// up keep to the right, so that a way there and the way back are two lines.
func (l *layout) line(s Step, chain []int, against bool, y func(layer int) float64) DrawnStep {
	out := DrawnStep{Step: s, Against: against}
	aside := -14.0
	if against {
		aside = 14
	}
	for i, k := range chain {
		p := Point{l.knots[k].x, y(l.knots[k].layer)}
		switch {
		case i == 0:
			p.X, p.Y = p.X+aside, p.Y+BoxHeight/2
		case i == len(chain)-1:
			p.X, p.Y = p.X+aside, p.Y-BoxHeight/2
		}
		out.Points = append(out.Points, p)
	}
	out.LabelX, out.LabelY = l.label(out.Points, chain, against)
	if against {
		slices.Reverse(out.Points)
	}
	return out
}

// label stands where its line is alone: at a bend, which has room of its own, or
// else near the end that fewer lines share.
func (l *layout) label(points []Point, chain []int, against bool) (x, y float64) {
	if n := len(points); n > 2 {
		p := points[n/2]
		return p.X, p.Y + 4
	}
	t := 0.7
	if len(l.knots[chain[0]].dn) <= len(l.knots[chain[1]].up) {
		t = 0.3
	}
	if against { // not upon the label of the way there
		t = 1 - t
	}
	a, b := points[0], points[1]
	near, far := (1-t)*(1-t)*(1-t), t*t*t
	bend, back := 3*(1-t)*(1-t)*t, 3*(1-t)*t*t
	middle := (a.Y + b.Y) / 2
	return a.X*(near+bend) + b.X*(back+far), a.Y*near + middle*(bend+back) + b.Y*far + 4
}
