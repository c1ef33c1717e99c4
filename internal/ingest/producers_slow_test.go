//go:build slow

package ingest_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"taskrecon/internal/ingest"
)

// LibreOffice takes a CSV in and gives a workbook of its own making back, with dates and numbers as it
// understands them, and an OpenDocument sheet.
func TestSlowLibreOffice(t *testing.T) {
	soffice := tool(t, "soffice")
	dir := t.TempDir()
	source := filepath.Join(dir, "made.csv")
	must(t, os.WriteFile(source, []byte("id,displayName,dueDateTime,managedDeviceCount,intendedSettings.A,status\n"+
		"0a-1,\"é\n\"\"x\"\" \",2026-03-04,12,on,Active\n0a-2,<clear>,2026-03-04 05:06:07,,,\n,,,,,\n0a-3,,,,<clear>,actve\n"), 0o600))
	profile := "-env:UserInstallation=file://" + filepath.Join(dir, "profile")
	runTool(t, soffice, profile, "--headless", "--infilter=CSV:44,34,76,1,,0,false,true", "--convert-to", "xlsx", "--outdir", dir, source)
	in, err := ingest.Read(filepath.Join(dir, "made.xlsx"), ingest.Options{})
	must(t, err)
	want := map[string]string{"displayName": "é\n\"x\"", "dueDateTime": "2026-03-04T00:00:00Z", "managedDeviceCount": "12", "intendedSettings": "on", "status": "active"}
	if got := wishesOf(in, 0); len(in.Rows) != 3 || !maps.Equal(got, want) {
		t.Errorf("%d rows, %q", len(in.Rows), got)
	}
	if got := wishesOf(in, 1); got["dueDateTime"] != "2026-03-04T05:06:07Z" {
		t.Errorf("%q", got)
	}
	if got := messages(in); !strings.HasPrefix(got, `made.xlsx: made!F5: status "actve" is not a status`) || len(in.Problems) != 1 {
		t.Errorf("got\n%s", got)
	}
	runTool(t, soffice, profile, "--headless", "--convert-to", "ods", "--outdir", dir, filepath.Join(dir, "made.xlsx"))
	if _, err := ingest.Read(filepath.Join(dir, "made.ods"), ingest.Options{}); err == nil || !strings.Contains(err.Error(), "is an OpenDocument file (.ods)") {
		t.Errorf("%v", err)
	}
}
