//go:build unix

package cli

import (
	"archive/zip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"taskrecon/internal/exit"
)

// echoed is the token that the service of these tests repeats. It names no tenant, so that runs at the same time do not lock each other out.
const echoed = "eyJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1vZi10aGlzLXJ1bg"

var echoedSignature = echoed[strings.LastIndex(echoed, ".")+1:]

// echoing is a Graph with three tasks that repeats the token, in one form, at one place. It is a webhook as well.
type echoing struct {
	mu    sync.Mutex
	place string
	form  string
	tasks map[string]map[string]any
	said  strings.Builder // what came to the webhook
	wrote bool
}

func (s *echoing) at(place string) bool { return s.place == place }

func (s *echoing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	id, one := strings.CutPrefix(r.URL.Path, "/beta/deviceAppManagement/deviceAppManagementTasks/")
	switch {
	case r.URL.Path == "/hook":
		s.said.Write(body)
	case s.at("Location"):
		w.Header().Set("Location", "https://login.example/?seen="+url.QueryEscape(s.form))
		w.WriteHeader(http.StatusFound)
	case r.URL.Path == "/beta/$batch":
		s.batch(w, body)
	case one && s.tasks[id] != nil:
		s.write(w, s.tasks[id])
	case one:
		http.NotFound(w, r)
	default:
		page := map[string]any{"value": []any{s.tasks["task-1"], s.tasks["task-2"], s.tasks["task-3"]}}
		if s.at("nextLink") {
			page["@odata.nextLink"] = "http://" + r.Host + r.URL.Path + "?page=" + url.QueryEscape(s.form)
		}
		s.write(w, page)
	}
}

// write answers with JSON in which the form is put as it is, escapes and all.
func (s *echoing) write(w http.ResponseWriter, doc any) {
	raw, _ := json.Marshal(doc)
	io.WriteString(w, strings.ReplaceAll(string(raw), "FORM", s.form))
}

func (s *echoing) batch(w http.ResponseWriter, body []byte) {
	var in struct{ Requests []standInItem }
	_ = json.Unmarshal(body, &in)
	var answers []any
	writes := false
	for _, q := range in.Requests {
		id := q.URL[strings.LastIndex(q.URL, "/")+1:]
		answer := map[string]any{"id": q.ID, "status": 200, "headers": map[string]any{}, "body": s.tasks[id]}
		if q.Method == "PATCH" {
			writes = true
			s.change(answer, id, q.Body)
		}
		answers = append(answers, answer)
	}
	first := writes && !s.wrote
	s.wrote = s.wrote || writes
	switch {
	case s.at("request-id of a call"):
		w.Header().Set("request-id", s.form)
	case s.at("200 without responses") && first:
		s.write(w, map[string]any{"seen": "FORM"})
		return
	case s.at("403 of a call") && first:
		w.WriteHeader(http.StatusForbidden)
		s.write(w, map[string]any{"error": map[string]any{"code": "Forbidden", "message": "not with FORM"}})
		return
	}
	s.write(w, map[string]any{"responses": answers})
}

// change makes the change of an item, and its answer.
func (s *echoing) change(answer map[string]any, id string, edits map[string]any) {
	if id == "task-1" && (s.at("error of an item") || s.at("403 of an item")) {
		answer["status"], answer["body"] = 400, map[string]any{"error": map[string]any{"code": "BadRequest", "message": "seen: FORM"}}
		if s.at("403 of an item") {
			answer["status"] = 403
		}
		return
	}
	for name, v := range edits {
		s.tasks[id][name] = v
	}
	if s.at("request-id of an item") {
		answer["headers"] = map[string]any{"request-id": "FORM"}
	}
}

// TestTokenShowsNowhere: wherever the service repeats the token, no output of a run holds it in any form, and each row ends as it should.
func TestTokenShowsNowhere(t *testing.T) {
	var letters strings.Builder
	for _, c := range []byte(echoed) {
		fmt.Fprintf(&letters, `\u%04x`, c)
	}
	asBase64 := func(before string) string { return base64.StdEncoding.EncodeToString([]byte(before + echoed + "\n")) }
	for _, c := range []struct {
		place, form string
		code        int
		said        string // in the summary
	}{
		{"error of an item", "Bearer " + echoed, exit.Partial, `"applied":2,`},
		{"request-id of an item", echoedSignature, 0, `"applied":3,`},
		{"request-id of a call", echoed, 0, `"applied":3,`},
		{"200 without responses", asBase64("B"), 0, `"applied":3,`},
		{"property", asBase64("Bearer "), exit.Partial, `"applied":2,`},
		{"property", "100%" + echoed, exit.Partial, `"failed":1,`},
		{"403 of an item", letters.String(), exit.Partial, `"failed":1,`},
		{"403 of a call", asBase64("Authorization: Bearer "), exit.Failed, "withheld: it held the access token"},
		{"403 of a call", letters.String(), exit.Failed, "withheld: it held the access token"},
		{"nextLink", echoed, exit.Failed, "withheld: it held the access token"},
		{"Location", echoed, exit.Failed, "this is not followed"},
	} {
		t.Run(c.place, func(t *testing.T) {
			t.Parallel()
			s := &echoing{place: c.place, form: c.form, tasks: map[string]map[string]any{}}
			for i := 1; i <= 3; i++ {
				id := fmt.Sprintf("task-%d", i)
				s.tasks[id] = map[string]any{"@odata.type": "#microsoft.graph.securityConfigurationTask", "id": id, "status": "pending", "assignedTo": "a@contoso.com"}
			}
			if c.place == "property" {
				s.tasks["task-1"]["description"] = "from FORM"
			}
			server := httptest.NewServer(s)
			defer server.Close()
			w := &world{t: t, dir: t.TempDir(), url: server.URL}
			w.file = filepath.Join(w.dir, "desired.csv")
			if err := writeOld(w.file, []byte("id,assignedTo\ntask-1,b@contoso.com\ntask-2,b@contoso.com\ntask-3,b@contoso.com\n")); err != nil {
				t.Fatal(err)
			}
			env := append(os.Environ(), tokenVariable+"="+echoed, "TASKRECON_STATE_DIR="+filepath.Join(w.dir, "state"), machineLocks+"="+t.TempDir())
			texts := map[string]string{}
			run := func(code int, args ...string) *process {
				p := w.startWith(env, args...)
				p.exits(t, code)
				texts[args[0]+"'s stdout"], texts[args[0]+"'s stderr"] = p.stdout.String(), p.stderr.String()
				return p
			}
			p := run(c.code, w.apply(w.file, "--run-dir", "run", "--report", "r.xlsx", "--report", "r.html", "--report", "r.json", "--report", "r.csv", "--debug-http", "calls.jsonl",
				"--log-format", "json", "--notify-url", server.URL+"/hook", "--settle-within", "1s")...)
			if !strings.Contains(p.stdout.String(), c.said) {
				t.Errorf("the summary lacks %q: %s", c.said, p.stdout.String())
			}
			if c.place == "property" {
				run(0, "export", "--graph-url", server.URL, "-o", "sheet.xlsx")
				run(0, "set", "status=active", "--where", "true", "--graph-url", server.URL, "-o", "set.csv")
				for _, name := range []string{"export's stderr", "set's stderr", "apply's stderr", filepath.Join(w.dir, "r.json")} {
					if text := texts[name] + readFile(t, name); !strings.Contains(text, "left out: 1 task of the tenant held the access token (task-1)") {
						t.Errorf("%s lacks the notice: %s", name, text)
					}
				}
				if sheet := readFile(t, filepath.Join(w.dir, "set.csv")); strings.Contains(sheet, "task-1") || !strings.Contains(sheet, "task-2") {
					t.Errorf("the sheet of set is %q", sheet)
				}
			}
			texts["webhook"] = s.said.String()
			filesIn(t, w.dir, texts)
			for _, name := range []string{"webhook", "calls.jsonl"} {
				if texts[name]+texts[filepath.Join(w.dir, name)] == "" {
					t.Errorf("%s is empty", name)
				}
			}
			for name, text := range texts {
				if form := tokenIn(text); form != "" {
					t.Errorf("%s holds the token, %s", name, form)
				}
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// filesIn adds the texts of all files of a directory; of a workbook those of its parts.
func filesIn(t *testing.T, dir string, texts map[string]string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		texts[path] = readFile(t, path)
		book, err := zip.OpenReader(path)
		if err != nil {
			return nil
		}
		defer book.Close()
		for _, part := range book.File {
			r, err := part.Open()
			if err != nil {
				return err
			}
			data, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			texts[path+" "+part.Name] = string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var escapedByte = regexp.MustCompile(`\\+u00[0-9a-fA-F]{2}|%[0-9a-fA-F]{2}`)

// tokenIn names the form in which the token's signature is in a text; "" where it does not.
func tokenIn(text string) string {
	bare := escapedByte.ReplaceAllStringFunc(text, func(e string) string {
		n, _ := strconv.ParseUint(e[len(e)-2:], 16, 8)
		return string(rune(n))
	})
	for i, text := range []string{text, bare, strings.ReplaceAll(bare, `\`, "")} {
		if strings.Contains(text, echoedSignature) {
			return []string{"as it is", "escaped", "escaped"}[i]
		}
		for before := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + echoedSignature))
			if strings.Contains(text, encoded[4:len(encoded)-4]) {
				return "in base64"
			}
		}
	}
	return ""
}
