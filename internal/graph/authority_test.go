package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is a sign-in service: the part of Entra that azidentity asks, which issues secret-0, secret-1, ... and writes down what it was asked.
type authority struct {
	url       string
	transport http.RoundTripper

	mu      sync.Mutex
	life    time.Duration // of a token; 0 is an hour
	refuse  string        // code of the error by which it refuses, such as AADSTS7000215
	garbage string        // body of an answer that is no JSON
	same    bool          // issues the same token again and again
	issued  int
	forms   []url.Values // of the token endpoint
	hosts   []string     // of all requests
	pending int          // times that a device code is not yet confirmed
}

// startAuthority serves one over TLS, as AZURE_AUTHORITY_HOST would name it.
func startAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	a.url, a.transport = server.URL, server.Client().Transport
	return a
}

// inMemory carries requests to the authority without a network, whatever host they are for.
func (a *authority) inMemory() http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		r.Host = r.URL.Host
		a.ServeHTTP(rec, r)
		answer := rec.Result()
		answer.Request = r
		return answer, nil
	})
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts = append(a.hosts, r.Host)
	w.Header().Set("Content-Type", "application/json")
	tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	root := "https://" + r.Host + "/" + tenant
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		reply(w, map[string]any{"tenant_discovery_endpoint": root + "/v2.0/.well-known/openid-configuration", "metadata": []any{
			map[string]any{"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host}},
		}})
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		reply(w, map[string]any{"issuer": root + "/v2.0", "authorization_endpoint": root + "/oauth2/v2.0/authorize", "token_endpoint": root + "/oauth2/v2.0/token"})
	case strings.HasSuffix(r.URL.Path, "/devicecode"):
		reply(w, map[string]any{
			"device_code": "device-code-secret", "user_code": "ABCD-EFGH", "verification_uri": "https://login.example/device",
			"expires_in": 60, "interval": 1, "message": "Open https://login.example/device and enter ABCD-EFGH",
		})
	case strings.HasSuffix(r.URL.Path, "/token"):
		_ = r.ParseForm()
		a.forms = append(a.forms, r.PostForm)
		a.token(w)
	default:
		http.NotFound(w, r)
	}
}

func (a *authority) token(w http.ResponseWriter) {
	switch {
	case a.garbage != "":
		fmt.Fprint(w, a.garbage)
	case a.pending > 0:
		a.pending--
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]any{"error": "authorization_pending", "error_description": "AADSTS70016: wait"})
	case a.refuse != "":
		w.WriteHeader(http.StatusUnauthorized)
		reply(w, map[string]any{
			"error": "invalid_client", "trace_id": "11111111-1111-1111-1111-111111111111", "correlation_id": "22222222-2222-2222-2222-222222222222",
			"error_description": a.refuse + ": It is refused, and " + theSecret + " is echoed. Trace ID: 11111111-1111-1111-1111-111111111111 Correlation ID: 22222222-2222-2222-2222-222222222222 Timestamp: 2026-01-02 03:04:05Z",
		})
	default:
		life := a.life
		if life == 0 {
			life = time.Hour
		}
		token := fmt.Sprintf("%s-%d", secret, a.issued)
		if !a.same {
			a.issued++
		}
		about := base64.RawURLEncoding.EncodeToString([]byte(`{"oid":"o","tid":"the-tenant","sub":"s","preferred_username":"ada@example.com","aud":"the-client"}`))
		reply(w, map[string]any{
			"token_type": "Bearer", "access_token": token, "expires_in": int(life.Seconds()), "refresh_token": "refresh-" + secret,
			"id_token":    base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + about + ".c2ln",
			"client_info": base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"o","utid":"the-tenant"}`)),
		})
	}
}

func reply(w http.ResponseWriter, doc map[string]any) { _ = json.NewEncoder(w).Encode(doc) }

// asked returns the forms that the token endpoint got.
func (a *authority) asked() []url.Values {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]url.Values(nil), a.forms...)
}

// with completes a SignIn so that it signs in here.
func (a *authority) with(in SignIn) SignIn {
	in.Cloud, in.Authority, in.Transport = Clouds()[0], a.url, a.transport
	return in
}

// theSecret is a client secret that no error may show.
const theSecret = "s3cr3t~value/of+the=app"
