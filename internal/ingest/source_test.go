package ingest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"taskrecon/internal/ingest"
)

// The hash is that of the file's bytes, in whatever way they are read.
func TestHashIsOfTheFile(t *testing.T) {
	book, err := os.ReadFile(benchXLSX(t, 10, true))
	must(t, err)
	for name, file := range map[string]struct {
		data    []byte
		options ingest.Options
	}{
		"UTF-8":         {[]byte("id,status\na,active\n"), ingest.Options{}},
		"UTF-8, marked": {[]byte("\ufeffid,status\r\na,active\r\n"), ingest.Options{}},
		"UTF-8, named":  {[]byte("id,status\na,active\n"), ingest.Options{Encoding: "utf-8"}},
		"UTF-16":        {[]byte("\xff\xfe" + utf16LE("id,status\r\na,active\r\n")), ingest.Options{}},
		"windows-1252":  {[]byte("id,description\na,\xe9\n"), ingest.Options{Encoding: "windows-1252"}},
		"a workbook":    {book, ingest.Options{}},
		"with no row":   {[]byte("id,status\n"), ingest.Options{}},
	} {
		sum := sha256.Sum256(file.data)
		want := hex.EncodeToString(sum[:])
		for range 20 {
			in, err := ingest.Read(write(t, "in", file.data), file.options)
			must(t, err)
			if in.SHA256 != want {
				t.Fatalf("%s: the hash is %s, want %s", name, in.SHA256, want)
			}
		}
	}
}
