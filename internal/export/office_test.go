package export_test

import (
	"encoding/csv"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/base"
	"taskrecon/internal/export"
	"taskrecon/internal/task"
)

// dated are tasks whose dates lie step apart, from the start of each day on to its end.
func dated(t *testing.T, step time.Duration, days ...string) (rows []export.Row) {
	t.Helper()
	for _, day := range days {
		start, err := time.Parse(time.DateOnly, day)
		must(t, err)
		for at := start; at.Before(start.Add(24 * time.Hour)); at = at.Add(step) {
			b := &task.Base{ID: "t" + itoa(len(rows))}
			b.Set(task.DueDateTime, task.Text(task.FormatTime(at)))
			rows = append(rows, export.Row{Base: b})
		}
	}
	return rows
}

// A date is a date cell that shows its second, unless the calendar of workbooks has none for it, and asks for nothing, whatever its fraction.
func TestDatesAreDateCells(t *testing.T) {
	const step = 431*time.Second + 123*time.Millisecond // 201 a day
	for day, dates := range map[string]bool{
		"1901-01-02": true, "2026-02-03": true, "2026-03-29": true, "2026-10-25": true, "4000-12-30": true, "4001-01-02": false, "9999-12-30": false,
	} {
		rows, o := dated(t, step, day), sheetOptions(t)
		o.Columns, o.Shown = []*task.Property{task.DueDateTime}, nil
		path := writeSheet(t, "tasks.xlsx", rows, o)
		f := openSheet(t, path)
		for i, row := range rows {
			cell := "B" + itoa(i+2)
			typ, err := f.GetCellType("Tasks", cell)
			must(t, err)
			if isDate := typ == excelize.CellTypeUnset; isDate != dates {
				t.Fatalf("%s: %s is a date: %v", day, cell, isDate)
			} else if !isDate {
				continue
			}
			serial, err := f.GetCellValue("Tasks", cell, excelize.Options{RawCellValue: true})
			must(t, err)
			v, _ := row.Base.Get(task.DueDateTime)
			at, err := task.ParseTime(v.String())
			must(t, err)
			wall := at.In(berlin(t))
			_, offset := wall.Zone()
			seconds := big.NewRat(at.Unix()+int64(offset)+25569*86400, 86400)
			// A program that cuts off what is less than a second must show the same second.
			if exact, ok := new(big.Rat).SetString(serial); !ok || exact.Cmp(seconds) < 0 {
				t.Fatalf("%s is %s, which is before it", wall, serial)
			}
		}
		checkWishes(t, path, rows)
		if dates {
			must(t, f.SetCellValue("Tasks", "B5", time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)))
			must(t, f.SaveAs(path))
			rows[3].Assignments = []task.Assignment{{Property: task.DueDateTime, Value: task.Text("2026-05-06T05:08:09Z")}}
			checkWishes(t, path, rows)
		}
	}
}

// convert lets LibreOffice save workbooks in a format, and returns where.
func convert(t *testing.T, to string, paths ...string) string {
	t.Helper()
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Skip("LibreOffice (soffice) is not here, so that nothing shows what it does to a sheet")
	}
	dir := t.TempDir()
	args := append([]string{
		"--headless", "-env:UserInstallation=file://" + filepath.Join(dir, "profile"),
		"--convert-to", to, "--outdir", filepath.Join(dir, "out"),
	}, paths...)
	if out, err := exec.Command("soffice", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "out")
}

// LibreOffice opens a sheet and saves it: every value is there, and nothing more is asked for.
func TestThroughLibreOffice(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	unedited, plain := awkwardRows(), exported
	plain.Zone = "Europe/Berlin"
	dir := convert(t, "xlsx", writeSheet(t, "tasks.xlsx", rows, o),
		writeSheet(t, "unedited.xlsx", unedited, export.Options{Columns: task.All(), Zone: berlin(t), Source: plain}))
	asksForNothing(t, filepath.Join(dir, "unedited.xlsx"), unedited)
	path := filepath.Join(dir, "tasks.xlsx")
	f := openSheet(t, path)
	checkShown(t, f, rows, o)
	checkWishes(t, path, rows)
	if visible, err := f.GetSheetVisible(base.Name); visible || err != nil {
		t.Errorf("the base became visible (%v)", err)
	}
}

func TestLibreOfficeShowsTheSecondOfADate(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	rows, o := dated(t, 3607*time.Second, "2027-01-01", "2027-01-02", "2027-01-03"), sheetOptions(t)
	o.Columns, o.Shown = []*task.Property{task.DueDateTime}, nil
	data, err := os.ReadFile(filepath.Join(convert(t, "csv", writeSheet(t, "tasks.xlsx", rows, o)), "tasks.csv"))
	must(t, err)
	records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	must(t, err)
	for i, record := range records[1:] {
		v, _ := rows[i].Base.Get(task.DueDateTime)
		at, err := task.ParseTime(v.String())
		must(t, err)
		if want := at.In(berlin(t)).Format(time.DateTime); record[1] != want {
			t.Errorf("%s is shown as %s", want, record[1])
		}
	}
}
