package export_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

// awkward is what sheets and the programs that save them are known to change.
var awkward = []string{
	"", " ", "  lead and trail  ", "=1+1", "+49 30", "-5", "@x", "'=1", "'", "00123", "1E+15", "12345678901234567", "1-2", "2026-11-24", "TRUE", "#N/A",
	"<clear>", "<CLEAR>", "a\nb", "a\r\nb", "a\rb", "\n", "tab\there", "\x00\x01\x1f", "_x0041_", "_x000D_", "_xD800_", "\u00a0nbsp\u200b", "“quoted”", `"quoted"`, "a;b,c|d",
	"مرحبا \u202eabc", "🙂👩‍👩‍👧", "\ufffe\uffff", "\ufeffbom", "<b>&amp;</b>", "sep=;",
}

func genText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(awkward), rapid.String(), rapid.StringN(0, 40, 200),
		rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom(awkward).Draw(t, "a") + rapid.SampledFrom(awkward).Draw(t, "b")
		}))
}

// genWire makes any JSON that Graph can hold in a property, or null.
func genWire(p *task.Property) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
			return "null"
		}
		var v any
		switch p.Kind {
		case task.String:
			v = genText().Draw(t, "text")
		case task.Enum:
			v = rapid.OneOf(rapid.SampledFrom(p.Members), rapid.Just("memberOfTomorrow")).Draw(t, "member")
		case task.Int32:
			v = rapid.Int32().Draw(t, "number")
		case task.DateTime:
			at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), 0).UTC()
			if rapid.Bool().Draw(t, "ticks") {
				at = at.Add(time.Duration(rapid.Int64Range(0, 9999999).Draw(t, "tick")) * task.Tick)
			}
			v = task.FormatTime(at)
		case task.Devices:
			v = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) map[string]string {
				return map[string]string{"deviceName": genText().Draw(t, "device"), "os": "Windows"}
			}), 0, 3).Draw(t, "devices")
		case task.Settings:
			v = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) task.Setting {
				s := task.Setting{Name: genText().Draw(t, "name")}
				if value := genText().Draw(t, "value"); rapid.Bool().Draw(t, "valued") {
					s.Value = &value
				}
				return s
			}), 0, 4).Draw(t, "settings")
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	})
}

func genBase(t *rapid.T, id string) *task.Base {
	kind := rapid.SampledFrom(task.TaskKinds()).Draw(t, "kind")
	held := &task.Task{ID: id, Type: kind.Type}
	for _, p := range task.All() {
		if !kind.Has(p) {
			continue
		}
		v, err := p.FromWire(json.RawMessage(genWire(p).Draw(t, p.Name)))
		if err != nil {
			t.Fatal(err)
		}
		held.Set(p, v)
	}
	return task.BaseOf(held)
}

func genRows(t *rapid.T) []export.Row {
	rows := make([]export.Row, rapid.IntRange(1, 4).Draw(t, "rows"))
	for i := range rows {
		rows[i].Base = genBase(t, fmt.Sprintf("%08d-0000-4000-8000-00000000000e", i))
	}
	return rows
}

// asksForNothing demands that a sheet is read whole, and that no row of it asks for anything.
func asksForNothing(t rapid.TB, path string, rows []export.Row) {
	t.Helper()
	in, err := ingest.Read(path, ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range in.Problems {
		t.Errorf("problem: %s", p)
	}
	if len(in.Rows) != len(rows) {
		t.Fatalf("%d rows were written, %d read", len(rows), len(in.Rows))
	}
	for i, row := range in.Rows {
		if row.Desired.ID != rows[i].Base.ID || row.Desired.Base == nil {
			t.Errorf("row %d is %q, with a base: %v", i, row.Desired.ID, row.Desired.Base != nil)
		}
		for w := range row.Desired.Assignments() {
			held, _ := rows[i].Base.Get(w.Property)
			t.Errorf("%s asks for %q; the base is %q", w.Property.Name, w.Value, held)
		}
	}
}

// mostDrawn is how many workbooks a test writes and reads: each takes its time. TASKRECON_SLOW lifts it to what rapid draws.
func mostDrawn() int {
	if os.Getenv("TASKRECON_SLOW") != "" {
		return math.MaxInt
	}
	return 40
}

// An export without an edit asks for nothing, whatever the tenant holds.
func TestUneditedSheets(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"}
	dir, drawn := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		if drawn++; drawn > mostDrawn() {
			return
		}
		rows := genRows(t)
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		source := exported
		source.Zone = name
		path := filepath.Join(dir, "tasks"+rapid.SampledFrom([]string{".csv", ".xlsx"}).Draw(t, "format"))
		if _, err := export.Write(path, rows, export.Options{Columns: task.All(), Zone: zone, Source: source, Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		asksForNothing(t, path, rows)
	})
}

// What a sheet is made to ask for is what it is read to ask for, and nothing beside it.
func TestSheetsOfEdits(t *testing.T) {
	dir, drawn := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		if drawn++; drawn > mostDrawn() {
			return
		}
		rows := genRows(t)
		for i := range rows {
			for _, p := range task.All() {
				v, err := p.FromWire(json.RawMessage(genWire(p).Draw(t, "wish")))
				held, known := rows[i].Base.Get(p)
				if err == nil && known && p.Writable && !p.Equal(v, held) && export.CanAsk(p, held, v) {
					rows[i].Assignments = append(rows[i].Assignments, task.Assignment{Property: p, Value: v})
				}
			}
		}
		path := filepath.Join(dir, "edits"+rapid.SampledFrom([]string{".csv", ".xlsx"}).Draw(t, "format"))
		o := export.Options{Columns: task.All(), Shown: []*task.Property{task.Status, task.AssignedTo}, Source: exported, Overwrite: true}
		if _, err := export.Write(path, rows, o); err != nil {
			t.Fatal(err)
		}
		in, err := ingest.Read(path, ingest.Options{})
		if err != nil || len(in.Problems) > 0 {
			t.Fatal(err, in.Problems)
		}
		for i, row := range in.Rows {
			want := task.NewDesired(task.Origin{}, "", nil, rows[i].Assignments...)
			if !row.Desired.SameAssignments(&want) {
				t.Fatalf("asked for %s, read %s", wishWords(want), wishWords(row.Desired))
			}
		}
	})
}

// awkwardRows are tasks in which every property holds a text of awkward, where it can.
func awkwardRows() (rows []export.Row) {
	for i, text := range awkward {
		held := &task.Task{ID: fmt.Sprintf("%08d-0000-4000-8000-00000000000e", i), Type: task.TaskKinds()[i%3].Type}
		for _, p := range task.All() {
			if p.Kind == task.String && held.Kind().Has(p) {
				held.Set(p, task.Text(text))
			}
		}
		value := text
		if held.Kind() == task.UnmanagedDeviceDiscovery {
			held.Set(task.UnmanagedDevices, task.Text("PC-1\nPC-2"))
		}
		if held.Kind() != task.SecurityConfiguration {
			rows = append(rows, export.Row{Base: task.BaseOf(held)})
			continue
		}
		held.Set(task.IntendedSettings, task.SettingsValue([]task.Setting{{Name: text, Value: &value}, {Name: "B"}, {Name: "A", Value: &value}}))
		held.Set(task.Status, task.Text("memberOfTomorrow"))
		held.Set(task.ManagedDeviceCount, task.Text(fmt.Sprint(i-3)))
		held.Set(task.DueDateTime, task.Text(task.FormatTime(time.Date(1900+i*40%400, 3, 31, 1, i%60, 30, i%3*100, time.UTC))))
		held.Set(task.CreatedDateTime, task.Text("2026-03-29T01:30:00Z"))
		rows = append(rows, export.Row{Base: task.BaseOf(held)})
	}
	return rows
}
