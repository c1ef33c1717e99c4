package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

func pairsOf(in *ingest.Input, row int) string {
	var words []string
	for w := range in.Rows[row].Desired.Assignments() {
		switch {
		case w.Pair == "":
			words = append(words, w.Property.Name+"="+w.Value.String())
		case w.Value.IsNull():
			words = append(words, "-"+w.Pair)
		default:
			words = append(words, w.Pair+"="+w.Value.String())
		}
	}
	return strings.Join(words, " ")
}

func TestPairColumns(t *testing.T) {
	in := readText(t, "id,Intended Settings.AllowX ,status,intended_settings.Level.max,intendedSettings\n"+
		"a,true,active,,\nb,<Clear>,, 5 ,\nc,,,,x=1\nd,1,,2,x=1\na,true,active,,\n")
	for i, want := range []string{"status=active AllowX=true", "-AllowX Level.max= 5 ", `intendedSettings=[{"name":"x","value":"1"}]`} {
		if got := pairsOf(in, i); got != want {
			t.Errorf("row %d: %q, want %q", i, got, want)
		}
	}
	want := `in.csv:5:2: the row sets intendedSettings as a whole and intendedSettings.AllowX; leave one of them blank`
	if got := messages(in); got != want {
		t.Errorf("got\n%s", got)
	}
	if in.Rows[4].SameAs != 0 || len(in.Notices) != 1 {
		t.Errorf("same wishes for pairs do not merge: %+v %q", in.Rows[4], in.Notices)
	}
	if w := slices.Collect(in.Rows[0].Desired.Assignments())[1]; w.Property != task.IntendedSettings {
		t.Errorf("%+v", w)
	}
	in = readText(t, "id,intendedSettings.A,intendedSettings.a\nx,1,\nx,,1\n")
	if len(in.Problems) != 2 || !strings.Contains(messages(in), "asks for something else") {
		t.Errorf("pairs of another name are the same: %s", messages(in))
	}
}

func TestPairHeaders(t *testing.T) {
	for text, want := range map[string]string{
		"intendedSetting.AllowX":                        `in.csv:1:2: column "intendedSetting.AllowX" is not a property; did you mean "intendedSettings.AllowX"?`,
		"intendedSettings.":                             `in.csv:1:2: column "intendedSettings." is not a property; did you mean "intendedSettings"?`,
		"intendedSettings.A,INTENDED-SETTINGS. A":       `in.csv:1:3: intendedSettings.A has two columns, B and C; keep one of them`,
		"intendedSettings.A\u200b":                      `in.csv:1:2: column "intendedSettings.A\u200b" holds an invisible character`,
		"intendedSettings.A,intendedSettings.a,a.b,1.5": "",
	} {
		in := readText(t, "id,"+text+"\nx"+strings.Repeat(",", 1+strings.Count(text, ","))+"\n")
		if got := messages(in); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: got\n%s\nwant\n%s", text, got, want)
		}
	}
}
