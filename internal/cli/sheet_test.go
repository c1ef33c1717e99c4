package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// The password of a workbook comes from the environment or a file, and shows up nowhere.
func TestEncryptedWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, value := range map[string]string{"A1": "id", "B1": "status", "A2": "a", "B2": "active", "A3": "b", "B3": "actve"} {
		if err := f.SetCellStr("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetRowVisible("Sheet1", 3, false); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	book, file := filepath.Join(dir, "sealed.xlsx"), filepath.Join(dir, "password")
	if err := f.SaveAs(book, excelize.Options{Password: "sesame"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("sesame\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const env = "TASKRECON_WORKBOOK_PASSWORD=sesame"
	for _, tt := range []struct {
		env, args string
		code      int
		want      string
	}{
		{"", "", 4, "put its password into TASKRECON_WORKBOOK_PASSWORD"},
		{"TASKRECON_WORKBOOK_PASSWORD=x", "", 4, "the password does not open it"},
		{env, "", 4, "a hidden or filtered-out row that holds data: 3; show all rows, or say --hidden skip"},
		{env, "--hidden skip", 0, "left out, as --hidden skip says"},
		{env, "--hidden include", 4, `Sheet1!B3: status "actve"`},
		{"", "--hidden skip --password-file " + file, 0, "1 rows, all understood"},
		{"", "--password-file " + empty, 64, "does not hold one line with a password"},
		{"", "--password-file " + dir + "/nothing", 64, "--password-file"},
	} {
		var out bytes.Buffer
		args := append(append([]string{"taskrecon", "validate"}, strings.Fields(tt.args)...), book)
		code := run(t.Context(), args, []string{tt.env}, nil, &out, &out)
		if code != tt.code || !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "sesame") {
			t.Errorf("%s %s: exit code %d\n%s", tt.env, tt.args, code, out.String())
		}
	}
}
