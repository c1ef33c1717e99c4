package task

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// judged is a date-time as ParseTime and FormatTime write it.
func judged(s string) (string, bool) {
	t, err := ParseTime(s)
	if err != nil {
		return "", false
	}
	return FormatTime(t), true
}

func TestAppendTime(t *testing.T) {
	for in, want := range map[string]string{ // "" is left to ParseTime
		"2026-01-02T03:04:05Z":              "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.1234567Z":      "2026-01-02T03:04:05.1234567Z",
		"2026-01-02T03:04:05.1200000Z":      "2026-01-02T03:04:05.12Z",
		"2026-01-02T03:04:05.0000000Z":      "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.12345678Z":     "",
		"2026-01-02T03:04:05.Z":             "",
		"2026-01-02T03:04:05.1":             "",
		"2026-01-02T03:04:05":               "",
		"2026-01-02T03:04:05ZZ":             "",
		"2026-01-02T03:04:05z":              "",
		"2026-01-02t03:04:05Z":              "",
		"2026-01-02T03:04:05.5000000-08:00": "2026-01-02T11:04:05.5Z",
		"2025-12-31T23:30:00.1+00:45":       "2025-12-31T22:45:00.1Z",
		"2026-01-01T00:30:00+14:00":         "2025-12-31T10:30:00Z",
		"2026-01-02T03:04:05+15:00":         "",
		"2026-01-02T03:04:05+01:60":         "",
		"2026-01-02T03:04:05+0100":          "",
		"2026-02-28T00:00:00Z":              "2026-02-28T00:00:00Z",
		"2026-02-29T00:00:00Z":              "",
		"2024-02-29T00:00:00Z":              "2024-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z":              "",
		"2000-02-29T00:00:00Z":              "2000-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z":              "",
		"2026-13-01T00:00:00Z":              "",
		"2026-00-01T00:00:00Z":              "",
		"2026-01-00T00:00:00Z":              "",
		"2026-01-02T24:00:00Z":              "",
		"2026-01-02T03:60:00Z":              "",
		"2026-01-02T03:04:60Z":              "",
		"0001-01-01T00:00:00Z":              "0001-01-01T00:00:00Z",
		"0000-01-01T00:00:00Z":              "",
		"0001-01-01T00:00:00+00:01":         "",
		"9999-12-31T23:59:59-00:01":         "",
		"2026-01-02 03:04:05Z":              "",
		"2026-0-102T03:04:05Z":              "",
		"":                                  "",
		"soon":                              "",
	} {
		out, ok := appendTime([]byte("x"), []byte(in))
		if ok != (want != "") || string(out) != "x"+want {
			t.Errorf("%q: %q, %t; want %q", in, out, ok, want)
		}
		if by, exists := judged(in); ok && (!exists || by != want) {
			t.Errorf("%q: ParseTime makes it %q, %t", in, by, exists)
		}
	}
}

// Every day of some years, at random times, in every form: appendTime says what ParseTime says.
func TestAppendTimeOfAllDays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	read := 0
	for day := time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2005; day = day.AddDate(0, 0, 1) {
		s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%07d%c%02d:%02d", day.Year(), day.Month(), day.Day()+r.IntN(3)/2, r.IntN(24), r.IntN(60), r.IntN(60),
			r.IntN(1000)*100*r.IntN(101), "+-"[r.IntN(2)], r.IntN(15), r.IntN(60))
		want, exists := judged(s)
		got, ok := appendTime(nil, []byte(s))
		if ok != exists || string(got) != want {
			t.Errorf("%q: %q, %t; want %q, %t", s, got, ok, want, exists)
		}
		if ok {
			read++
		}
	}
	if read < 1000 {
		t.Errorf("only %d dates were read", read)
	}
}

// A refused task leaves nothing behind, and tasks do not share what is their own.
func TestDecoderGoesOn(t *testing.T) {
	var d Decoder
	first, err := d.Next(Tokens([]byte(`{"id":"1","displayName":"one","status":"active"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Next(Tokens([]byte(`{"id":"2","description":"two","insights":"i","status":7}`))); err == nil {
		t.Fatal("a status that is a number was read")
	}
	third, err := d.Next(Tokens([]byte(`{"id":"3","@odata.type":"` + ODataType + `"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Task{ID: "3", Type: ODataType}); *third != want {
		t.Errorf("read %+v; want %+v", *third, want)
	}
	if first.ID != "1" || first.Get(DisplayName) != Text("one") || first.Get(Status) != Text("active") || !first.Get(Insights).IsNull() {
		t.Errorf("the first became %+v", *first)
	}
}

// However many different texts a list holds, the table of shared ones stays within its bounds.
func TestSharedTextsAreBounded(t *testing.T) {
	var s shared
	for i := range 3 * mostShared {
		text := fmt.Sprintf("text %d", i)
		if got := s.text([]byte(text)); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if len(s.texts) > mostShared {
			t.Fatalf("%d texts are held", len(s.texts))
		}
	}
	long := strings.Repeat("x", longestShared+1)
	if got := s.text([]byte(long)); got != long || s.texts[long] != "" {
		t.Error("a long text is lost, or held")
	}
	again := []byte("text again")
	if s.text(again); s.texts["text again"] == "" {
		t.Error("a short text is not held")
	}
}
