package workbook

import (
	"math"
	"strconv"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
)

func TestEveryOutcomeHasALook(t *testing.T) {
	solids, symbols := map[string]bool{}, map[string]bool{}
	for _, o := range diff.Outcomes() {
		l, ok := report.Looks[o]
		if !ok {
			t.Fatalf("%s has no look", o)
		}
		if c := contrast(report.Ink, l.Tint); c < 7 {
			t.Errorf("%s: contrast %.1f on its tint", o, c)
		}
		if c := contrast(l.Over, l.Solid); c < 4.5 {
			t.Errorf("%s: contrast %.1f on its solid", o, c)
		}
		if solids[l.Solid] || symbols[l.Symbol] {
			t.Errorf("%s looks like another", o)
		}
		solids[l.Solid], symbols[l.Symbol] = true, true
		if !o.Good() && report.Advice[o] == "" {
			t.Errorf("%s has no advice", o)
		}
	}
}

// contrast is the ratio that WCAG defines.
func contrast(a, b string) float64 {
	luminance := func(hex string) float64 {
		var sum float64
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func TestInksAreReadable(t *testing.T) {
	for name, pair := range map[string][2]string{
		"link": {linkInk, report.Paper}, "share": {report.Ink, barInk}, "dimmed": {dim, report.Paper}, "label": {"555555", report.Paper}, "header": {report.Paper, navy}, "would change": {report.Ink, report.Looks[report.WouldChange].Tint},
	} {
		if c := contrast(pair[0], pair[1]); c < 4.5 {
			t.Errorf("%s: contrast %.1f", name, c)
		}
	}
	for o, l := range report.Looks {
		if c := contrast(report.Ink, l.Tint); c < 4.5 {
			t.Errorf("%s: contrast %.1f", o, c)
		}
	}
}
