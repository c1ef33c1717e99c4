package task

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// checkCell holds for any text in any column: ParseCell does not panic, an error names the property or
// the settings, and what it accepts survives the way to the service and back, and into a cell and back.
func checkCell(t rapid.TB, p *Property, text string, f Format) {
	t.Helper()
	v, err := p.ParseCell(text, f)
	if err != nil {
		if err.Error() == "" || !v.IsNull() {
			t.Fatalf("%s, cell %q: value %q with the error %q", p.Name, text, v, err)
		}
		return
	}
	raw, err := p.Wire(v)
	if err != nil {
		t.Fatalf("%s, cell %q: accepted as %q, but cannot be sent: %v", p.Name, text, v, err)
	}
	if back, err := p.FromWire(raw); err != nil || !p.Equal(back, v) {
		t.Fatalf("%s, cell %q: sent %s, read %q, %v; want %q", p.Name, text, raw, back, err, v)
	}
	again, err := p.ParseCell(v.String(), Format{})
	if err != nil || !p.Equal(again, v) {
		t.Fatalf("%s, cell %q: its value %q read from a cell is %q, %v", p.Name, text, v, again, err)
	}
	if p.Kind == Enum && !slices.Contains(p.Members, v.String()) {
		t.Fatalf("%s, cell %q: %q is no member", p.Name, text, v)
	}
}

func FuzzParseCell(f *testing.F) {
	for _, s := range []string{
		"", "x", Clear, "completed", "12.0", "-0", "2147483648", "2026-03-29 02:30", "03/04/2026 9:05", "9999-12-31T23:59:59.9999999-01:00",
		"0001-01-01", "a=b=c\r\nd=", `[{"name":"a","value":null}]`, "a\xffb", "[", "a=\xff", "\u2028=\x00", "<clear> ", "2026-10-25 01:30",
	} {
		f.Add(s)
	}
	formats := []Format{{}, {Order: OrderDMY}, {Order: OrderMDY}, {Order: OrderYMD}}
	for _, name := range []string{"Europe/Berlin", "Antarctica/Troll", "Pacific/Apia"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			f.Fatal(err)
		}
		formats = append(formats, Format{Zone: z, Order: OrderDMY})
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range All() {
			for _, format := range formats {
				checkCell(t, p, text, format)
				if p.Kind != DateTime {
					break
				}
			}
		}
	})
}

// cellText draws cells that are near to being right for the kind, which a fuzzer seldom hits.
func cellText(p *Property) *rapid.Generator[string] {
	pad := rapid.SampledFrom([]string{"", " ", "\n"})
	var body *rapid.Generator[string]
	switch p.Kind {
	case Enum:
		body = rapid.SampledFrom(append(slices.Clone(p.Members), "nearly"))
	case Int32:
		body = rapid.StringMatching(`-?0{0,2}[0-9]{1,11}(\.0{0,3}|\.5)?`)
	case DateTime:
		body = rapid.StringMatching(`(0000|0001|20[0-9]{2}|9999)-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,8})?)?)?(Z|[+-][01][0-9]:[0-5][0-9])?`)
	case Settings:
		line := rapid.StringMatching(`[ab ]{1,2}=[ =,"\\\x{2028}x]{0,4}`)
		body = rapid.Map(rapid.SliceOfN(line, 1, 4), func(lines []string) string { return strings.Join(lines, "\r\n") })
	default:
		body = rapid.String()
	}
	return rapid.Custom(func(t *rapid.T) string { return pad.Draw(t, "before") + body.Draw(t, "cell") + pad.Draw(t, "after") })
}

func TestParseCellRoundTrips(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, p := range All() {
		t.Run(p.Name, rapid.MakeCheck(func(t *rapid.T) {
			f := Format{Order: OrderYMD}
			if rapid.Bool().Draw(t, "in Berlin") {
				f.Zone = berlin
			}
			checkCell(t, p, cellText(p).Draw(t, "text"), f)
		}))
	}
}

func TestFormatTimeRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds") // the years 1 to 9999
		ticks := rapid.Int64Range(0, 9999999).Draw(t, "ticks")
		offset := rapid.IntRange(-14*60, 14*60).Draw(t, "offset in minutes")
		at := time.Unix(seconds, ticks*int64(Tick)).In(time.FixedZone("", offset*60))
		got, err := ParseTime(FormatTime(at))
		if err != nil || !got.Equal(at) {
			t.Fatalf("%s written as %s read as %s, %v", at, FormatTime(at), got, err)
		}
	})
}

// An instant that exists once in a zone is found again by its wall clock there.
func TestInZoneFindsTheInstant(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Apia", "Asia/Tokyo"} {
		zones = append(zones, zone(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Format{Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		at := time.Unix(rapid.Int64Range(0, 4102444800).Draw(t, "seconds"), 0).In(f.Zone)
		wall := at.Format("2006-01-02T15:04:05")
		twice := false
		for d := -25 * time.Hour; d <= 25*time.Hour; d += 15 * time.Minute {
			twice = twice || d != 0 && at.Add(d).Format("2006-01-02T15:04:05") == wall
		}
		got, err := f.ParseTime(wall)
		if twice && err == nil {
			t.Fatalf("%s in %s is two instants, but was read as %s", wall, f.Zone, got)
		}
		if !twice && (err != nil || !got.Equal(at)) {
			t.Fatalf("%s in %s read as %s, %v; want %s", wall, f.Zone, got, err, at)
		}
	})
}
