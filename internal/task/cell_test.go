package task

import (
	"errors"
	"strings"
	"testing"
)

// cellCase is a cell and what becomes of it: a value, or an error in exactly these words.
type cellCase struct {
	p    *Property
	in   string
	want Value
	err  string
}

func checkCells(t *testing.T, f Format, cases []cellCase) {
	t.Helper()
	for _, c := range cases {
		got, err := c.p.ParseCell(c.in, f)
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%s, cell %q: %v", c.p.Name, c.in, err)
		case c.err == "" && got != c.want:
			t.Errorf("%s, cell %q = %q (null %t); want %q (null %t)", c.p.Name, c.in, got, got.IsNull(), c.want, c.want.IsNull())
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%s, cell %q: error\n%v; want\n%s", c.p.Name, c.in, err, c.err)
		}
	}
}

func TestParseCellString(t *testing.T) {
	checkCells(t, Format{}, []cellCase{
		{p: Description, in: "  two\nlines ", want: Text("  two\nlines ")},
		{p: Description, in: "=1+1", want: Text("=1+1")},
		{p: Description, in: "null", want: Text("null")},
		{p: Description, in: "clear", want: Text("clear")},
		{p: Description, in: "<clear> it", want: Text("<clear> it")},
		{p: Description, in: "caf\xe9", err: `description "caf\xe9" is not UTF-8 text`},
	})
}

func TestParseCellClear(t *testing.T) {
	cases := []cellCase{
		{p: AssignedTo, in: " <Clear>\n", want: Null},
		{p: IntendedSettings, in: "<CLEAR>", want: Text("[]")},
	}
	for _, p := range All() {
		switch {
		case !p.Writable:
		case p.Clearable():
			cases = append(cases, cellCase{p: p, in: Clear, want: p.Cleared()})
		default:
			cases = append(cases, cellCase{p: p, in: Clear, err: p.Name + " cannot be cleared: the service does not take null for it"})
		}
	}
	checkCells(t, Format{}, cases)
}

func TestParseCellReadOnly(t *testing.T) {
	for _, in := range []string{"2026-01-02", Clear, "?"} {
		_, err := CreatedDateTime.ParseCell(in, Format{})
		if !errors.Is(err, ErrReadOnly) || err.Error() != "createdDateTime is read-only" {
			t.Errorf("createdDateTime, cell %q: error %v; want that it is read-only", in, err)
		}
	}
}

func TestParseCellEnum(t *testing.T) {
	checkCells(t, Format{}, []cellCase{
		{p: Status, in: "completed", want: Text("completed")},
		{p: Status, in: "  COMPLETED\u00a0", want: Text("completed")},
		{p: ApplicablePlatform, in: "MACOS", want: Text("macOS")},
		{p: Category, in: "advancedthreatprotection", want: Text("advancedThreatProtection")},
		{p: Status, in: "Complet", err: `status "Complet" is not a status; did you mean "completed"? (unknown, pending, active, completed, rejected)`},
		{p: Status, in: "done", err: `status "done" is not a status (unknown, pending, active, completed, rejected)`},
		{p: Status, in: "", err: `status "" is not a status (unknown, pending, active, completed, rejected)`},
		{p: Status, in: "3", err: `status "3" is not a status (unknown, pending, active, completed, rejected)`},
		{p: Priority, in: "hihg", err: `priority "hihg" is not a priority (none, high, low)`},
		{p: Priority, in: "hig", err: `priority "hig" is not a priority; did you mean "high"? (none, high, low)`},
		{p: Category, in: "Unknwon", err: `category "Unknwon" is not a category; did you mean "unknown"? (unknown, advancedThreatProtection)`},
		{p: ApplicablePlatform, in: "win", err: `applicablePlatform "win" is not a platform (unknown, macOS, windows10AndLater, windows10AndWindowsServer)`},
		{p: Priority, in: strings.Repeat("é", 81), err: `priority "` + strings.Repeat("é", 80) + `…" is not a priority (none, high, low)`},
	})
	for _, p := range All() {
		for _, m := range p.Members {
			checkCells(t, Format{}, []cellCase{{p: p, in: strings.ToUpper(m), want: Text(m)}})
		}
	}
}

func TestParseCellInt32(t *testing.T) {
	const (
		notWhole = " is not a whole number; write it in digits, such as 12"
		tooLarge = " does not fit an Int32 (-2147483648 to 2147483647)"
	)
	good := map[string]string{
		"12": "12", "12.0": "12", "12.000": "12", " 12 ": "12", "0": "0", "-0": "0", "-0.0": "0", "007": "7", "-5": "-5",
		"2147483647": "2147483647", "-2147483648": "-2147483648", "2147483647.0": "2147483647",
	}
	for in, want := range good {
		checkCells(t, Format{}, []cellCase{{p: ManagedDeviceCount, in: in, want: Text(want)}})
	}
	bad := map[string]string{
		"12.5": notWhole, "1e3": notWhole, "1E3": notWhole, "+5": notWhole, "12.": notWhole, ".0": notWhole, ".": notWhole, "-": notWhole,
		"": notWhole, "1,000": notWhole, "1 000": notWhole, "0x10": notWhole, "1_0": notWhole, "1.0.0": notWhole, "--1": notWhole, "١٢": notWhole,
		"NaN": notWhole, "12.00000000000001": notWhole,
		"2147483648": tooLarge, "-2147483649": tooLarge, "2147483648.0": tooLarge, "99999999999999999999": tooLarge,
	}
	for in, words := range bad {
		checkCells(t, Format{}, []cellCase{{p: ManagedDeviceCount, in: in, err: `managedDeviceCount "` + in + `"` + words}})
	}
}

func TestParseCellDateTime(t *testing.T) {
	checkCells(t, Format{}, []cellCase{
		{p: DueDateTime, in: " 2026-03-04\n", want: Text("2026-03-04T00:00:00Z")},
		{p: DueDateTime, in: "2017-01-01T00:02:18.1994089-08:00", want: Text("2017-01-01T08:02:18.1994089Z")},
		{p: DueDateTime, in: "03/04/2026", err: `dueDateTime "03/04/2026" is ambiguous, such as 2026-04-03 or 2026-03-04; write it so, or say --date-order dmy, mdy or ymd`},
		{p: DueDateTime, in: "tomorrow", err: `dueDateTime "tomorrow" is not a date-time; write it such as 2026-12-24, 2026-12-24 17:30 or 2026-12-24T17:30:00Z`},
		{p: DueDateTime, in: "2026-02-30", err: `dueDateTime "2026-02-30" is not a date-time that exists`},
	})
}

func TestMistakesAreNoValues(t *testing.T) {
	const object = "which PowerShell writes in the place of an object"
	for text, want := range map[string]string{
		"#N/A": "the error #N/A, not a value", " #NV ": "the error #NV, not a value", "#VALEUR!": "the error", "#N/B": "the error", "#BEZUG!": "the error",
		"#¡REF!": "the error", "#¿NOMBRE?": "the error", "#DIV/0!": "the error", "#DELEN.DOOR.0!": "", "#Н/Д": "the error", "#ДЕЛ/0!": "the error",
		"#ZÉRÓOSZTÓ!": "the error", "#N/DISP": "the error", "#YOK": "the error", "#GETTING_DATA": "the error", "#NENÍ_K_DISPOZICI": "the error",
		"#NUL!": "the error", "Err:508": "the error", "#N/D!": "the error",
		"#12": "", "# N/A": "", "#hashtag": "", "#N/A is what Excel says": "", "Err: 5": "",
		"@{name=AllowCloudProtection; value=1}": object, "System.Object[]": object, "System.Collections.Hashtable": object,
		"System.Collections.Generic.List`1[System.Object]": object, "Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser": object,
		"System restore": "", "@ops": "", "Systems": "",
		"<cleared>": `did you mean <clear>?`, "< clear >": "did you mean", "<clear": "did you mean", "[clear]": "did you mean", "</clear>": "did you mean",
		"&lt;clear&gt;": "did you mean", "<claer>": "did you mean", "(Clear)": "did you mean",
		"<clear>": "", " <CLEAR> ": "", "clear": "", "<clear> it": "", "<none>": "", "<close>": "",
	} {
		if got := Mistake(text); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, p := range All() {
		if _, err := p.ParseCell("#NV", Format{}); p.Writable && (err == nil || err.Error() != p.Name+" is the error #NV, not a value") {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
