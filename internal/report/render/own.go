package render

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"taskrecon/internal/report"
)

// Of reports whether the file at path is a report of the run with that id, as Write makes them. It reads no more than the
// beginning, or the part of a workbook that has its title.
func Of(path, run string) bool {
	if run == "" {
		return false
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		return bytes.Contains(titlePart(path), []byte(">"+report.DocumentTitle+run+"<"))
	case ".html":
		return begins(path, "<!DOCTYPE html>", "<title>taskrecon run "+run+"</title>")
	case ".json":
		return begins(path, "{\n\"format\": ", `"run": {"id":"`+run+`",`)
	case ".csv":
		return begins(path, report.ByteOrderMark+report.Headers[0]+","+report.Headers[1]+",", ","+run+",")
	}
	return false
}

// mostRead is far behind the place at which a report names its run.
const mostRead = 1 << 20

// begins reports whether a file has this start and, soon after, this text.
func begins(path, start, text string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostRead))
	return err == nil && bytes.HasPrefix(data, []byte(start)) && bytes.Contains(data, []byte(text))
}

// titlePart is the part of a workbook that has its title; nil where there is none.
func titlePart(path string) []byte {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil
	}
	defer z.Close()
	part, err := z.Open("docProps/core.xml")
	if err != nil {
		return nil
	}
	defer part.Close()
	data, err := io.ReadAll(io.LimitReader(part, mostRead))
	if err != nil {
		return nil
	}
	return data
}
