package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestCredentialErrors has every code with advice refused by a real authority that echoes the secret: what azidentity's own
// error repeats is reduced to what helps.
func TestCredentialErrors(t *testing.T) {
	noAzure(t)
	for code, advice := range adviceFor {
		a := startAuthority(t)
		a.refuse = code
		s, err := NewCredential(a.with(SignIn{Kind: SignInSecret, TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Token(ctxOf(t), false)
		wantError(t, err, "--auth secret: "+code+": It is refused, and (secret) is echoed (trace id 11111111-", "correlation id 22222222-", "); "+advice)
		hidesAll(t, err)
	}
}

// hidesAll checks an error for what the tests' authority and files give away.
func hidesAll(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{theSecret, secret, "client_assertion", "eyJ", "RESPONSE", "\n", "refresh-"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("%q shows in %q", s, err)
		}
	}
}

// TestCredentialErrorsHideTokens has answers that are no JSON, and that hold tokens.
func TestCredentialErrorsHideTokens(t *testing.T) {
	noAzure(t)
	for _, garbage := range []string{
		`{"access_token":"` + secret + `-0",`, `{"access_token":"eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0In0.c2lnbmF0dXJl"`, theSecret, "<html>eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0In0.x</html>",
	} {
		a := startAuthority(t)
		a.garbage = garbage
		s, err := NewCredential(a.with(SignIn{Kind: SignInSecret, TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Token(ctxOf(t), false)
		wantError(t, err, "--auth secret: ")
		hidesAll(t, err)
	}
}

// TestCredentialErrorsOfDefault has the first way of the chain refused: the others are not tried, and its code is in the error.
func TestCredentialErrorsOfDefault(t *testing.T) {
	noAzure(t)
	t.Setenv("AZURE_TENANT_ID", "the-tenant")
	t.Setenv("AZURE_CLIENT_ID", "the-client")
	t.Setenv("AZURE_CLIENT_SECRET", theSecret)
	a := startAuthority(t)
	a.refuse = "AADSTS7000222"
	s, err := NewCredential(a.with(SignIn{Kind: SignInDefault, Secret: theSecret}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(ctxOf(t), false)
	wantError(t, err, "tried were environment (AADSTS7000222: It is refused, and (secret) is echoed)", "the client secret has expired", "correlation id 22222222-")
	hidesAll(t, err)
}

// TestCredentialErrorsOfChain has the metadata service of some other cloud answer with a page of its own.
func TestCredentialErrorsOfChain(t *testing.T) {
	noAzure(t)
	program(t, "none", "")
	page := roundTripper(func(r *http.Request) (*http.Response, error) {
		answer := response(http.StatusUnauthorized, "a page with "+theSecret)
		answer.Request = r
		return answer, nil
	})
	s, err := NewCredential(SignIn{Kind: SignInDefault, Cloud: Clouds()[0], Transport: page})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(ctxOf(t), false)
	wantError(t, err, "managed-identity (GET http://169.254.169.254/metadata/identity/oauth2/token answered with HTTP 401)")
	hidesAll(t, err)
}

// A run that is stopped while it signs in hears that, not that signing in failed.
func TestCredentialIsInterrupted(t *testing.T) {
	noAzure(t)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	a := startAuthority(t)
	s, err := NewCredential(a.with(SignIn{Kind: SignInSecret, TenantID: "the-tenant", ClientID: "the-client", Secret: theSecret}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(ctx, false); !errors.Is(err, stopped) {
		t.Errorf("%v", err)
	}
}
