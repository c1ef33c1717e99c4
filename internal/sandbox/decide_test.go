package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func guidOf(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	r, err := newRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r.id
}

// Decide is asked for each call, each request in it and each task of a page; it may use the server while it decides.
func TestDecide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *Server
		var asked []string
		o := Options{Decide: func(o Occasion) (d Decision) {
			asked = append(asked, strings.TrimSpace(fmt.Sprintf("%v %s %s %s %d %s", o.Whole, o.Kind, o.ID[:min(len(o.ID), 1)], o.Item, o.Items, o.Request)))
			switch {
			case o.Whole:
				d.Latency = time.Second
			case o.Kind == KindPatch:
				s.Edit(o.ID, map[string]any{"insights": "seen"})
				d = Decision{Status: 504, Late: 10 * time.Second}
			case o.Kind == KindListed:
				d.Omit = o.ID == idB
				d.Lag = 30 * time.Second
			}
			return d
		}}
		s, send := inMemory(t, o)
		_, body := send("POST", "/beta/$batch", envelope(patchItem("x", idA, mine), `{"id":"y","method":"GET","url":"/deviceAppManagement/deviceAppManagementTasks/`+idA+`"}`))
		if got := byID(t, body); got["x"].Status != 504 || !strings.Contains(string(got["y"].Body), "seen") {
			t.Error(body)
		}
		time.Sleep(20 * time.Second)
		if got, want := brief(s, idA), "0 start  alice\n1 other  alice\n11 patch oursx mine\n"; got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
		if _, body := send("GET", collection, ""); !strings.Contains(body, "alice") || strings.Contains(body, "mine") || strings.Contains(body, idB) {
			t.Error(body)
		}
		want := []string{
			"true batch   2 ours", "false patch 5 x 0 ours", "false get 5 y 0 ours",
			"true list   0 ours", "false list   0 ours", "false listed 5  0 ours", "false listed 6  0 ours", "false listed 7  0 ours",
		}
		if !slices.Equal(asked, want) {
			t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
		}
	})
	if _, err := New(three(), Options{Faults: faults(t, "cut"), Decide: func(Occasion) Decision { return Decision{} }}); err == nil {
		t.Error("a sandbox took both faults and Decide")
	}
}

// What the limits refuse is refused, whatever would be decided about it; what is denied by decision counts in the window.
func TestDecisionsWithinTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, send := inMemory(t, Options{WriteLimit: 2, Decide: func(o Occasion) Decision {
			if o.Whole {
				return Decision{}
			}
			return Decision{Status: 429, RetryAfter: "7", Late: time.Second}
		}})
		for range 3 {
			if status, _ := send("PATCH", collection+"/"+idA, patchBody(mine)); status != 429 {
				t.Errorf("status %d", status)
			}
		}
		if st := s.Stats(); st.Writes != 3 || st.Throttled != 1 || st.Pending != 2 {
			t.Errorf("%+v", st)
		}
	})
}

// A page of HTML as the body of an item leaves the envelope readable.
func TestHTMLOfAnItem(t *testing.T) {
	s, err := New(three(), Options{Decide: func(o Occasion) Decision {
		if o.Whole {
			return Decision{}
		}
		return Decision{Status: 502, Body: BodyHTML, Never: true}
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := byID(t, post(t, s, envelope(patchItem("1", idA, mine))).Body.String())["1"]
	var page []byte
	if err := json.Unmarshal(got.Body, &page); err != nil || got.Status != 502 || string(page) != htmlPage {
		t.Errorf("%d %s, %v", got.Status, got.Body, err)
	}
}

// What is drawn for a task depends on the seed and on what was asked for it before, not on what else is asked for in the meantime.
func TestDrawsOfATask(t *testing.T) {
	drawn := func(seed uint64, items ...string) map[string][]uint64 {
		all := map[string][]uint64{}
		s, err := New(three(), Options{Seed: seed, Decide: func(o Occasion) Decision {
			if !o.Whole {
				all[o.ID] = append(all[o.ID], o.Rand.Uint64())
			}
			return Decision{}
		}})
		if err != nil {
			t.Fatal(err)
		}
		post(t, s, envelope(items...))
		return all
	}
	a, again, b := patchItem("1", idA, mine), patchItem("2", idA, mine), patchItem("3", idB, mine)
	first, second, other := drawn(1, a, b, again), drawn(1, b, a, again), drawn(2, a, b, again)
	if !slices.Equal(first[idA], second[idA]) || !slices.Equal(first[idB], second[idB]) {
		t.Errorf("%v in one order, %v in the other", first, second)
	}
	seen := slices.Concat(first[idA], first[idB], other[idA], other[idB])
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 6 {
		t.Errorf("a draw comes twice: %v", seen)
	}
}
