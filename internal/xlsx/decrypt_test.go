package xlsx_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/xlsx"
)

func TestDecrypt(t *testing.T) {
	plain := sample(t)
	sealed, err := excelize.Encrypt(plain, &excelize.Options{Password: "geheim ü"})
	must(t, err)
	if got, err := xlsx.Decrypt(sealed, "geheim ü"); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%v", err)
	}
	if _, err := xlsx.Decrypt(sealed, "wrong"); !errors.Is(err, xlsx.ErrPassword) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := xlsx.Decrypt(sealed, ""); !errors.Is(err, xlsx.ErrNoPassword) {
		t.Errorf("no password: %v", err)
	}
	for i := 7; i < len(sealed); i += len(sealed) / 13 {
		bad := bytes.Clone(sealed)
		bad[i] ^= 4
		for _, bad := range [][]byte{bad, sealed[:i]} {
			got, err := xlsx.Decrypt(bad, "geheim ü")
			if err == nil {
				_, err = read(got)
			}
			if err == nil && !bytes.Equal(got, plain) {
				t.Errorf("damage at %d of %d was not noticed", i, len(sealed))
			}
		}
	}
	// The number by which the header names AES-128, and that of RC4.
	if _, err := xlsx.Decrypt(bytes.Replace(sealed, []byte("\x0e\x66\x00\x00"), []byte("\x01\x68\x00\x00"), 1), "x"); err == nil || !strings.Contains(err.Error(), "is encrypted by RC4, which is not read") {
		t.Errorf("RC4: %v", err)
	}
}

func TestDecryptOthers(t *testing.T) {
	needCorpus(t)
	agile, err := os.ReadFile(filepath.Join(corpusDir, "encrypted", "edr__agile_AES128_SHA1_CBC_pwd_password.xlsx"))
	must(t, err)
	plain, err := xlsx.Decrypt(agile, "password")
	must(t, err)
	if got, err := read(plain); err != nil || !strings.Contains(got.String(), "Password: password") {
		t.Errorf("%v\n%s", err, got)
	}
	other := bytes.ReplaceAll(agile, []byte("ChainingModeCBC"), []byte("ChainingModeCFB"))
	if _, err := xlsx.Decrypt(other, "password"); err == nil || !strings.Contains(err.Error(), "is encrypted by AES (ChainingModeCFB), which is not read; remove the password") {
		t.Errorf("another chaining: %v", err)
	}
	label, err := os.ReadFile("../../../shared/cases/F09_sensitivity_label.xlsx")
	must(t, err)
	for _, password := range []string{"", "password"} {
		if _, err := xlsx.Decrypt(label, password); err == nil || !strings.Contains(err.Error(), "sensitivity label") {
			t.Errorf("a label: %v", err)
		}
	}
}
