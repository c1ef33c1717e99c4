package ingest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"taskrecon/internal/ingest"
)

// TestCSVSpectrum reads the files of csv-spectrum, an npm package of CSV's edge cases, against the readings that its authors wrote down.
// TASKRECON_CSV_SPECTRUM is the directory of the unpacked package.
func TestCSVSpectrum(t *testing.T) {
	dir := os.Getenv("TASKRECON_CSV_SPECTRUM")
	if dir == "" {
		t.Skip("TASKRECON_CSV_SPECTRUM does not name the unpacked npm package csv-spectrum")
	}
	files, err := filepath.Glob(filepath.Join(dir, "csvs", "*.csv"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files in %s (%v)", len(files), dir, err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			if name == "location_coordinates.csv" { // its JSON is of another record, and its quotes are refused here
				if _, err := ingest.Read(path, ingest.Options{}); err == nil || !strings.Contains(err.Error(), "line 2, column 22: a quote is inside a cell") {
					t.Fatal(err)
				}
				return
			}
			data, err := os.ReadFile(filepath.Join(dir, "json", name[:len(name)-len(".csv")]+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want []map[string]string
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			in, err := ingest.Read(ended(t, path), ingest.Options{Delimiter: ','})
			if err != nil {
				t.Fatal(err)
			}
			if len(in.Rows) != len(want) {
				t.Fatalf("%d rows, want %d", len(in.Rows), len(want))
			}
			for i, row := range in.Rows {
				got := map[string]string{}
				for k, cell := range row.Desired.Cells() {
					got[in.Columns[k]] = cell
				}
				if !maps.Equal(got, want[i]) {
					t.Errorf("row %d is %q, want %q", i+1, got, want[i])
				}
			}
		})
	}
}

// ended returns a copy of the file whose last record has a line end, since some of the package's files lack it, which is refused here.
func ended(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(data), "\n") {
		data = append(data, '\n')
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}
