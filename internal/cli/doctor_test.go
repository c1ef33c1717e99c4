package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/job"
)

const (
	doctorsTenant = "6d1f0c7e-3a53-4f0b-9d3c-0d9a1b1f2c55"
	oneTask       = `{"value":[{"@odata.type":"#microsoft.graph.securityConfigurationTask","id":"1"},{"@odata.type":"#microsoft.graph.appVulnerabilityTask","id":"2"}]}`
)

// jwtOf is an unsigned token with these claims on top of those of a good one for the host.
func jwtOf(t *testing.T, graph string, claims map[string]any) string {
	t.Helper()
	all := map[string]any{
		"aud": graph, "tid": doctorsTenant, "appid": "0d4f3c1a-6c1e-4a55-9f37-2b6f0e6a9d10", "app_displayname": "nightly", "idtyp": "app",
		"roles": []string{"DeviceManagementApps.ReadWrite.All"}, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for k, v := range claims {
		all[k] = v
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(body) + ".c2ln"
}

// illness is a broken set-up, and which check is to say what of it.
type illness struct {
	answer  http.HandlerFunc // nil is a healthy service
	url     string           // in place of the service's
	tls     bool
	claims  map[string]any
	noToken bool
	env     string
	check   string
	status  job.CheckStatus
	found   string
	fix     string
	code    int
}

func healthy(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, oneTask) }

func refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, code, message)
	}
}

func TestDoctorNamesTheFault(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + closed.Addr().String()
	closed.Close()
	for name, i := range map[string]illness{
		"healthy":        {check: "read", status: job.CheckOK, found: "2 tasks on the first page, 2 of them managed", code: 0},
		"no token":       {noToken: true, check: "settings", status: job.CheckFailed, found: "no access token", fix: "TASKRECON_ACCESS_TOKEN", code: 1},
		"no such name":   {url: "https://taskrecon.invalid", check: "network", status: job.CheckFailed, found: "it ends at the name", fix: "DNS", code: 1},
		"nobody listens": {url: dead, check: "network", status: job.CheckFailed, found: "it ends at the connection", fix: "firewall", code: 1},
		"foreign TLS":    {tls: true, check: "network", status: job.CheckFailed, found: "it ends at the TLS", fix: "root certificate", code: 1},
		"clock": {answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			healthy(w, r)
		}, check: "clock", status: job.CheckFailed, found: "h0m0s ahead of the server", fix: "NTP", code: 1},
		"clock, a little": {answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(2*time.Minute).UTC().Format(http.TimeFormat))
			healthy(w, r)
		}, check: "clock", status: job.CheckWarning, found: "behind the server", fix: "NTP", code: 0},
		"token ended":    {claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, check: "token", status: job.CheckFailed, found: "it ended 1h0m", fix: "a new one", code: 1},
		"other audience": {claims: map[string]any{"aud": "https://management.azure.com"}, check: "audience", status: job.CheckWarning, found: `"https://management.azure.com"`, code: 0},
		"other tenant":   {env: "AZURE_TENANT_ID=11111111-2222-3333-4444-555555555555", check: "tenant", status: job.CheckFailed, found: "not for 11111111", fix: "AZURE_TENANT_ID", code: 1},
		"no role":        {claims: map[string]any{"roles": []string{"User.Read.All"}}, check: "permissions", status: job.CheckFailed, found: "User.Read.All", fix: "grant the application permission DeviceManagementApps.ReadWrite.All", code: 1},
		"only looking":   {claims: map[string]any{"roles": nil, "scp": "openid DeviceManagementApps.Read.All", "idtyp": "user"}, check: "permissions", status: job.CheckWarning, found: "not for apply", fix: "grant the delegated permission", code: 0},
		"not consented":  {answer: refuse(403, "Forbidden", "no"), check: "read", status: job.CheckFailed, found: "HTTP 403", fix: "consented", code: 1},
		"refused token":  {answer: refuse(401, "InvalidAuthenticationToken", "no"), check: "read", status: job.CheckFailed, found: "the access token was refused", code: 1},
		"not Graph":      {answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>proxy</html>") }, check: "read", status: job.CheckFailed, found: "not Graph's JSON", fix: "does not speak as Graph does", code: 1},
		"throttled": {answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "20")
			w.Header().Set("x-ms-throttle-limit-percentage", "1.2")
			refuse(429, "TooManyRequests", "slow")(w, r)
		}, check: "quota", status: job.CheckWarning, found: "Retry-After 20, x-ms-throttle-limit-percentage 1.2", fix: "quota", code: 0},
	} {
		t.Run(name, func(t *testing.T) { i.examine(t) })
	}
}

func (i illness) examine(t *testing.T) {
	if i.answer == nil {
		i.answer = healthy
	}
	server := httptest.NewUnstartedServer(i.answer)
	server.Config.ErrorLog = nil
	if i.tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	at := server.URL
	if i.url != "" {
		at = i.url
	}
	env := []string{i.env}
	token := ""
	if !i.noToken {
		token = jwtOf(t, at, i.claims)
		env = append(env, "TASKRECON_ACCESS_TOKEN="+token)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"taskrecon", "doctor", "--graph-url", at}
	if code := run(t.Context(), append(args, "--json"), env, nil, &stdout, &stderr); code != i.code {
		t.Errorf("exit code %d, want %d\n%s%s", code, i.code, stdout.String(), stderr.String())
	}
	var s job.Summary
	if err := json.Unmarshal(stdout.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, c := range s.Checks {
		if c.Name != i.check {
			if c.Status == job.CheckFailed && i.status == job.CheckOK {
				t.Errorf("%s failed as well: %s", c.Name, c.Found)
			}
			continue
		}
		found = true
		if c.Status != i.status || !strings.Contains(c.Found, i.found) || !strings.Contains(c.Fix, i.fix) {
			t.Errorf("%s is %s: %s -> %s", c.Name, c.Status, c.Found, c.Fix)
		}
	}
	if !found {
		t.Errorf("no check %q in %+v", i.check, s.Checks)
	}
	stdout.Reset()
	run(t.Context(), args, env, nil, &stdout, &stderr)
	if !strings.Contains(stdout.String(), i.found) {
		t.Errorf("without --json it says\n%s", stdout.String())
	}
	if token != "" && strings.Contains(stdout.String()+stderr.String(), token) {
		t.Error("the token shows")
	}
}
