package ingest_test

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/ingest"
)

// tool finds a program that other people's files are made with, or skips aloud.
func tool(t *testing.T, path string, probe ...string) string {
	t.Helper()
	found, err := exec.LookPath(path)
	if err == nil && len(probe) > 0 {
		err = exec.Command(found, probe...).Run()
	}
	if err != nil {
		t.Skipf("SKIPPED: %s %s: %v", path, strings.Join(probe, " "), err)
	}
	return found
}

func runTool(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

const openpyxlScript = `
import sys, datetime, openpyxl
from openpyxl.worksheet.table import Table
from openpyxl.utils.datetime import CALENDAR_MAC_1904
wb = openpyxl.Workbook()
wb.epoch = CALENDAR_MAC_1904
ws = wb.active
ws.title = "Tasks"
ws.append(["made by", "a script"])
ws.append([])
ws.append(["Task ID", "Due Date Time", "Description", "Managed Device Count", "Creator"])
ws.append(["a-1", datetime.datetime(2026, 3, 4, 5, 6, 7), "plain <b>", 12, "_x0041_"])
ws.append(["a-2", datetime.date(2026, 3, 4), "=A4", 12.5, None])
ws.append(["a-3", None, None, None, "seen not"])
ws.append(["a-4", None, None, True, None])
ws.add_table(Table(displayName="T1", ref="A3:E7"))
ws.row_dimensions[6].hidden = True
ws.merge_cells("A1:B1")
ws.cell(row=500, column=5).font = openpyxl.styles.Font(bold=True)
wb.create_chartsheet("Chart")
wb.save(sys.argv[1])
`

func TestOpenpyxl(t *testing.T) {
	python := tool(t, "/usr/bin/python3", "-c", "import openpyxl")
	path := filepath.Join(t.TempDir(), "made.xlsx")
	runTool(t, python, "-c", openpyxlScript, path)
	if _, err := ingest.Read(path, ingest.Options{}); err == nil || !strings.Contains(err.Error(), "a hidden or filtered-out row that holds data: 6;") {
		t.Errorf("%v", err)
	}
	in, err := ingest.Read(path, ingest.Options{HeaderRow: 3, Hidden: ingest.HiddenSkip})
	must(t, err)
	want := map[string]string{"dueDateTime": "2026-03-04T05:06:07Z", "description": "plain <b>", "managedDeviceCount": "12", "creator": "A"} // unescaped by openpyxl, and so what Excel shows
	if got := wishesOf(in, 0); len(in.Rows) != 3 || !maps.Equal(got, want) {
		t.Errorf("%d rows, %q", len(in.Rows), got)
	}
	problems := `made.xlsx: Tasks!C5: description is a formula whose result the file does not hold; open the file in Excel, let it calculate, and save it
made.xlsx: Tasks!D5: managedDeviceCount "12.5" is not a whole number; write it in digits, such as 12
made.xlsx: Tasks!D7: managedDeviceCount is a logical value (TRUE or FALSE); enter it as text`
	if got := messages(in); got != problems {
		t.Errorf("got\n%s", got)
	}
}
