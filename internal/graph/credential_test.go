package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// certificate makes a PEM file's content with a key and a certificate of its own.
func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "taskrecon"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: cert})
	return out.Bytes()
}

// noAzure takes everything away that the machine's environment says of Azure.
func noAzure(t *testing.T) {
	t.Helper()
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "AZURE_") || strings.HasPrefix(name, "IDENTITY_") || strings.HasPrefix(name, "MSI_") || name == "IMDS_ENDPOINT" {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
}

// program puts a shell script of that name into an otherwise empty PATH.
func program(t *testing.T, name, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the program is a shell script")
	}
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

// firstToken signs in and demands a token.
func firstToken(t *testing.T, in SignIn) string {
	t.Helper()
	s, err := NewCredential(in)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Token(ctxOf(t), false)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestCredentialsOfApplications signs in by each way in which an application does so at the authority, and looks at what arrives there.
func TestCredentialsOfApplications(t *testing.T) {
	noAzure(t)
	federated := filepath.Join(t.TempDir(), "federated")
	if err := os.WriteFile(federated, []byte("the-federated-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   SignIn
		want map[string]string // of the form; "*" is anything
	}{
		{SignIn{Kind: SignInSecret, TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret}, map[string]string{"client_secret": theSecret}},
		{SignIn{Kind: SignInCertificate, TenantID: "the-tenant", ClientID: "the-client", Certificate: certificate(t)}, map[string]string{"client_assertion": "*"}},
		{SignIn{Kind: SignInWorkloadIdentity, TenantID: "the-tenant", ClientID: "the-client", FederatedTokenFile: federated}, map[string]string{"client_assertion": "the-federated-token"}},
		{SignIn{Kind: SignInEnvironment}, map[string]string{"client_secret": theSecret}},
		{SignIn{Kind: SignInDefault}, map[string]string{"client_secret": theSecret}},
	} {
		t.Run(string(c.in.Kind), func(t *testing.T) {
			if c.in.Kind == SignInEnvironment || c.in.Kind == SignInDefault {
				t.Setenv("AZURE_TENANT_ID", "the-tenant")
				t.Setenv("AZURE_CLIENT_ID", "the-client")
				t.Setenv("AZURE_CLIENT_SECRET", theSecret)
			}
			a := startAuthority(t)
			if got := firstToken(t, a.with(c.in)); got != secret+"-0" {
				t.Errorf("token %q", got)
			}
			forms := a.asked()
			if len(forms) != 1 {
				t.Fatalf("asked %d times", len(forms))
			}
			c.want["client_id"], c.want["grant_type"] = "the-client", "client_credentials"
			for name, want := range c.want {
				if got := forms[0].Get(name); got != want && (want != "*" || got == "") {
					t.Errorf("%s is %q; want %q", name, got, want)
				}
			}
			if scopes := strings.Fields(forms[0].Get("scope")); !slices.Contains(scopes, "https://graph.microsoft.com/.default") {
				t.Errorf("scope %q", scopes)
			}
		})
	}
}

// TestCredentialOfEachCloud signs in at the cloud's own authority for the cloud's own Graph, and calls no other.
func TestCredentialOfEachCloud(t *testing.T) {
	noAzure(t)
	for _, cloud := range Clouds() {
		t.Run(cloud.Name, func(t *testing.T) {
			a := &authority{}
			firstToken(t, SignIn{Kind: SignInSecret, Cloud: cloud, TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret, Transport: a.inMemory()})
			if got := strings.Fields(a.asked()[0].Get("scope")); !slices.Contains(got, cloud.Graph+"/.default") {
				t.Errorf("scope %q", got)
			}
			for _, host := range a.hosts {
				if "https://"+host != cloud.Login {
					t.Errorf("%s was called; want %s only", host, cloud.Login)
				}
			}
		})
	}
}

func TestCredentialDeviceCode(t *testing.T) {
	noAzure(t)
	a := startAuthority(t)
	a.pending = 1
	var shown string
	in := a.with(SignIn{Kind: SignInDeviceCode, TenantID: "the-tenant", ClientID: "the-client", Prompt: func(_ context.Context, m string) error {
		shown = m
		return nil
	}})
	s, err := NewCredential(in)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Token(ctxOf(t), false)
	if err != nil || first != secret+"-0" || !strings.Contains(shown, "ABCD-EFGH") {
		t.Fatalf("%q, %v after %q", first, err, shown)
	}
	shown = ""
	second, err := s.Token(ctxOf(t), true)
	if err != nil || second == first || shown != "" {
		t.Errorf("%q, %v after asking again with %q; want another token without asking", second, err, shown)
	}
	forms := a.asked()
	if last := forms[len(forms)-1]; last.Get("grant_type") != "refresh_token" {
		t.Errorf("the second token was asked for by %q", last.Get("grant_type"))
	}
}

// TestCredentialManagedIdentity plays the endpoint that an App Service gives its programs.
func TestCredentialManagedIdentity(t *testing.T) {
	noAzure(t)
	var asked *http.Request
	n := 0
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		fmt.Fprintf(w, `{"access_token":"%s-%d","expires_on":"%d","resource":"r","token_type":"Bearer"}`, secret, n, time.Now().Add(time.Hour).Unix())
		n++
	})
	t.Setenv("IDENTITY_ENDPOINT", endpoint.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "the-header")
	s, err := NewCredential(SignIn{Kind: SignInManagedIdentity, Cloud: Clouds()[1], ClientID: "the-identity"})
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Token(ctxOf(t), false)
	if err != nil || first != secret+"-0" {
		t.Fatalf("%q, %v", first, err)
	}
	q := asked.URL.Query()
	if q.Get("resource") != "https://graph.microsoft.us" || q.Get("client_id") != "the-identity" || asked.Header.Get("X-Identity-Header") != "the-header" {
		t.Errorf("asked %s with %v", asked.URL, asked.Header)
	}
	if second, err := s.Token(ctxOf(t), true); err != nil || second != secret+"-1" {
		t.Errorf("fresh: %q, %v", second, err)
	}
}

func TestCredentialAzureCLI(t *testing.T) {
	noAzure(t)
	program(t, "az", `echo '{"accessToken":"`+secret+`-0","expires_on":4102444800}'`)
	s, err := NewCredential(SignIn{Kind: SignInAzureCLI, Cloud: Clouds()[0], TenantID: "the-tenant"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Token(ctxOf(t), false); err != nil || got != secret+"-0" {
		t.Fatalf("%q, %v", got, err)
	}
	_, err = s.Token(ctxOf(t), true)
	wantError(t, err, "--auth azure-cli", "refused the access token", "gave the same one")
}

// TestCredentialInteractive has no browser to open, which is what a server has.
func TestCredentialInteractive(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a browser would open")
	}
	noAzure(t)
	program(t, "none", "")
	a := startAuthority(t)
	s, err := NewCredential(a.with(SignIn{Kind: SignInInteractive, TenantID: "the-tenant", ClientID: "the-client"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(ctxOf(t), false)
	wantError(t, err, "--auth interactive", "there is no browser here: sign in with --auth device-code")
}

// TestCredentialDefaultFindsNothing lists in words what was tried.
func TestCredentialDefaultFindsNothing(t *testing.T) {
	noAzure(t)
	program(t, "none", "")
	nowhere := roundTripper(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("no network here") })
	s, err := NewCredential(SignIn{Kind: SignInDefault, Cloud: Clouds()[0], Transport: nowhere})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(ctxOf(t), false)
	wantError(t, err, "no way to sign in serves here", "environment (missing environment variable AZURE_TENANT_ID)", "workload-identity (no client ID",
		"managed-identity (", "azure-cli (executable not found on path)", "name one with --auth")
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line: %q", err)
	}
}

// TestCredentialOfABadCertificate names the file and what to do where the certificate is unreadable.
func TestCredentialOfABadCertificate(t *testing.T) {
	for _, password := range []string{"", "the-password"} {
		_, err := NewCredential(SignIn{
			Kind: SignInCertificate, Cloud: Clouds()[0], TenantID: "t", ClientID: "c",
			Certificate: []byte("no certificate"), CertificateName: "app.pfx", CertificatePassword: password,
		})
		wantError(t, err, `"app.pfx" cannot be used`, "openssl pkcs12")
		if password != "" && strings.Contains(err.Error(), password) {
			t.Errorf("the password shows in %q", err)
		}
	}
}

// TestCredentialNeeds names what is missing and where it goes.
func TestCredentialNeeds(t *testing.T) {
	for _, c := range []struct {
		in   SignIn
		want []string
	}{
		{SignIn{Kind: SignInSecret}, []string{"needs a tenant id", "--tenant-id", "AZURE_TENANT_ID"}},
		{SignIn{Kind: SignInSecret, TenantID: "t"}, []string{"needs a client id", "AZURE_CLIENT_ID"}},
		{SignIn{Kind: SignInSecret, TenantID: "t", ClientID: "c"}, []string{"AZURE_CLIENT_SECRET", "--client-secret-file"}},
		{SignIn{Kind: SignInCertificate, TenantID: "t", ClientID: "c"}, []string{"--client-certificate", "AZURE_CLIENT_CERTIFICATE_PATH"}},
		{SignIn{Kind: SignInWorkloadIdentity, TenantID: "t", ClientID: "c"}, []string{"--federated-token-file"}},
		{SignIn{Kind: SignInDeviceCode}, []string{"needs a client id"}},
		{SignIn{Kind: SignInInteractive}, []string{"needs a client id"}},
		{SignIn{Kind: "magic"}, []string{"none of the ways to sign in (default, environment"}},
		{SignIn{Kind: SignInSecret, TenantID: "no tenant!", ClientID: "c", Secret: theSecret}, []string{"invalid tenantID"}},
		{SignIn{Kind: SignInAzureCLI, Authority: "http://login.example"}, []string{"AZURE_AUTHORITY_HOST", "https"}},
	} {
		_, err := NewCredential(c.in)
		wantError(t, err, c.want...)
	}
}

// A redirect by the authority must not carry the secret elsewhere.
func TestCredentialFollowsNoRedirect(t *testing.T) {
	noAzure(t)
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) {})
	a := &authority{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		a.ServeHTTP(w, r)
	}))
	defer server.Close()
	a.url, a.transport = server.URL, server.Client().Transport
	s, err := NewCredential(a.with(SignIn{Kind: SignInSecret, TenantID: "t", ClientID: "c", Secret: theSecret}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(ctxOf(t), false)
	wantError(t, err, "HTTP 307")
	if n := len(elsewhere.requests()); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}
