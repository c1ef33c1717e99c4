package page

import "testing"

func TestSharesAreHonest(t *testing.T) {
	for want, of := range map[string][2]int{"< 0.1%": {1, 100_000}, "> 99.9%": {99_999, 100_000}, "100.0%": {7, 7}, "33.3%": {1, 3}} {
		if got := percent(of[0], of[1]); got != want {
			t.Errorf("%v is %q, want %q", of, got, want)
		}
	}
}
