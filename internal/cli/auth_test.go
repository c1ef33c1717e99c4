package cli

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"taskrecon/internal/graph"
	"taskrecon/internal/sandbox"
)

// entra is an authority together with a Graph that accepts its tokens, each for a number of $batch calls.
type entra struct {
	mu      sync.Mutex
	tasks   http.Handler
	life    time.Duration
	most    int // $batch calls that a token serves; 0 is any number
	secret  string
	issued  int
	batches int // by the token in force
	refused int
	seen    map[string]bool // what the Graph was called with
}

var entras sync.Map // *testscript.TestScript to *entra

const entraToken = "issued-token-number"

// entra SECRET LIFE CALLS serves both, and sets AZURE_AUTHORITY_HOST, SSL_CERT_FILE and $GRAPH.
func startEntra(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: entra SECRET LIFE CALLS")
	}
	life, err := time.ParseDuration(args[1])
	ts.Check(err)
	most, err := strconv.Atoi(args[2])
	ts.Check(err)
	tasks, err := newSandbox("", filepath.Join(ts.Getenv("SAMPLES"), "tenant.json"), "off", "", sandbox.Options{})
	ts.Check(err)
	e := &entra{tasks: tasks, life: life, most: most, secret: args[0], seen: map[string]bool{}}
	login, service := httptest.NewTLSServer(http.HandlerFunc(e.login)), httptest.NewServer(http.HandlerFunc(e.graph))
	ts.Defer(login.Close)
	ts.Defer(service.Close)
	ca := ts.MkAbs("ca.pem")
	ts.Check(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: login.Certificate().Raw}), 0o600))
	ts.Setenv("SSL_CERT_FILE", ca)
	ts.Setenv("AZURE_AUTHORITY_HOST", login.URL)
	ts.Setenv("GRAPH", service.URL)
	entras.Store(ts, e)
}

// entra-saw NAME=N... demands how many tokens were issued, how many calls refused, and with how many tokens Graph was called; N+ is N or more.
func entraSaw(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := entras.Load(ts)
	if !ok {
		ts.Fatalf("no authority was started")
	}
	e := v.(*entra)
	e.mu.Lock()
	defer e.mu.Unlock()
	got := map[string]int{"issued": e.issued, "refused": e.refused, "tokens": len(e.seen)}
	for _, arg := range args {
		name, text, _ := strings.Cut(arg, "=")
		want, err := strconv.Atoi(strings.TrimSuffix(text, "+"))
		ts.Check(err)
		n, known := got[name]
		if !known || n < want || n > want && !strings.HasSuffix(text, "+") {
			ts.Fatalf("%s is %d, want %s", name, n, text)
		}
	}
}

func (e *entra) login(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	root := "https://" + r.Host + "/the-tenant"
	answer := map[string]any{"issuer": root + "/v2.0", "authorization_endpoint": root + "/authorize", "token_endpoint": root + "/oauth2/v2.0/token"}
	if strings.HasSuffix(r.URL.Path, "/token") {
		_ = r.ParseForm()
		if r.PostForm.Get("client_secret") != e.secret || !strings.Contains(r.PostForm.Get("scope"), "https://graph.microsoft.com/.default") {
			w.WriteHeader(http.StatusUnauthorized)
			answer = map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided: " + r.PostForm.Get("client_secret") + ". Trace ID: abc"}
		} else {
			e.issued++
			e.batches = 0
			answer = map[string]any{"token_type": "Bearer", "access_token": fmt.Sprint(entraToken, e.issued), "expires_in": int(e.life.Seconds())}
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (e *entra) graph(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	current := r.Header.Get("Authorization") == fmt.Sprint("Bearer ", entraToken, e.issued)
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		e.batches++
	}
	good := current && (e.most == 0 || e.batches <= e.most)
	if good {
		e.seen[r.Header.Get("Authorization")] = true
	} else {
		e.refused++
	}
	e.mu.Unlock()
	if !good {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}`)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		time.Sleep(100 * time.Millisecond) // so that a run takes longer than a short token lives
	}
	e.tasks.ServeHTTP(w, r)
}

// TestSignInFlags holds the table of flags against the ways to sign in: no flag may go with none.
func TestSignInFlags(t *testing.T) {
	uses := map[string]int{}
	for _, u := range signInUses {
		for _, k := range u.kinds {
			if _, err := graph.ParseSignIn(string(k)); err != nil {
				t.Errorf("--%s: %v", u.flag, err)
			}
			uses[u.flag]++
		}
	}
	for _, f := range flagsOfSignIn() {
		if name := f.Names()[0]; name != "auth" && uses[name] == 0 {
			t.Errorf("--%s goes with no way to sign in", name)
		}
	}
}
