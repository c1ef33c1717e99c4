package ingest

import (
	"encoding/csv"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
)

func TestDaySerialReadsAsTheSameSecond(t *testing.T) {
	zone := berlin(t)
	for day, want := range map[string]int{ // seconds of the day that have a number; there are 86400
		"1901-01-02": 86400, "2026-02-03": 86400, "2026-03-29": 86400, "2026-10-25": 86400 - 2*3600, "4000-12-30": 86400, "4001-01-02": 0, "9999-12-30": 0,
	} {
		start, err := time.Parse(time.DateOnly, day)
		must(t, err)
		numbers := 0
		for s := range 24 * 60 * 60 {
			at := start.Add(time.Duration(s) * time.Second)
			serial, ok := daySerial(task.Text(task.FormatTime(at)), zone)
			if !ok {
				continue
			}
			numbers++
			text := strconv.FormatFloat(serial, 'g', 15, 64) // as excelize writes it
			wall, err := serialTime(text, false)
			must(t, err)
			if back, err := (task.Format{Zone: zone}).InZone(wall); err != nil || !back.Equal(at) {
				t.Fatalf("%s is %v and reads as %s (%v)", at, serial, back, err)
			}
			// A program that cuts off what is less than a second must show the same second.
			exact, ok := new(big.Rat).SetString(text)
			if cut := exact.Sub(exact, big.NewRat(serialDays(wall), 1)).Mul(exact, big.NewRat(86400, 1)); !ok || cut.Cmp(big.NewRat(int64(wall.Hour()*3600+wall.Minute()*60+wall.Second()), 1)) < 0 {
				t.Fatalf("%s is %s, which is before it", at, text)
			}
		}
		if numbers != want {
			t.Errorf("%s: %d seconds have a number, want %d", day, numbers, want)
		}
	}
}

func serialDays(wall time.Time) int64 {
	return int64(wall.Truncate(24*time.Hour).Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Hours()/24) + 36526
}

// convert lets LibreOffice write a workbook anew.
func convert(t *testing.T, path, to string) string {
	t.Helper()
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Skip("LibreOffice (soffice) is not here, so that nothing shows what it does to a sheet")
	}
	dir := t.TempDir()
	out, err := exec.Command("soffice", "--headless", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"),
		"--convert-to", to, "--outdir", filepath.Join(dir, "out"), path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "out", strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))+"."+to)
}

func TestWrittenWorkbookThroughLibreOffice(t *testing.T) {
	rows, o := nastyRows(), sheetOptions(t)
	path := convert(t, writeSheet(t, "tasks.xlsx", rows, o), "xlsx")
	f := openSheet(t, path)
	checkShown(t, f, rows, o)
	checkWishes(t, path, rows)
	if visible, err := f.GetSheetVisible(base.Name); visible || err != nil {
		t.Errorf("the base became visible (%v)", err)
	}
}

func TestLibreOfficeShowsTheSecondOfADate(t *testing.T) {
	var rows []SheetRow
	var want []string
	for hour := range 96 {
		at := time.Date(2027, 1, 1, hour, hour%60, hour*7%60, 0, time.UTC)
		b := &task.Base{ID: "t" + itoa(hour)}
		b.Set(task.DueDateTime, task.Text(task.FormatTime(at)))
		rows, want = append(rows, SheetRow{Base: b}), append(want, at.In(berlin(t)).Format(time.DateTime))
	}
	o := sheetOptions(t)
	o.Columns, o.Shown = []*task.Property{task.DueDateTime}, nil
	data, err := os.ReadFile(convert(t, writeSheet(t, "tasks.xlsx", rows, o), "csv"))
	must(t, err)
	records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	must(t, err)
	for i, record := range records[1:] {
		if record[1] != want[i] {
			t.Errorf("%s is shown as %s", want[i], record[1])
		}
	}
}
