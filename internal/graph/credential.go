package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// SignInKind is a way to sign in, spelled as --auth takes it.
type SignInKind string

// The ways to sign in.
const (
	SignInDefault          SignInKind = "default"
	SignInEnvironment      SignInKind = "environment"
	SignInSecret           SignInKind = "secret"
	SignInCertificate      SignInKind = "certificate"
	SignInManagedIdentity  SignInKind = "managed-identity"
	SignInWorkloadIdentity SignInKind = "workload-identity"
	SignInAzureCLI         SignInKind = "azure-cli"
	SignInDeviceCode       SignInKind = "device-code"
	SignInInteractive      SignInKind = "interactive"
	SignInToken            SignInKind = "token"
)

// SignInKinds lists the ways to sign in, in the order in which help names them.
func SignInKinds() []SignInKind {
	return []SignInKind{
		SignInDefault, SignInEnvironment, SignInSecret, SignInCertificate, SignInManagedIdentity,
		SignInWorkloadIdentity, SignInAzureCLI, SignInDeviceCode, SignInInteractive, SignInToken,
	}
}

// SignIn says how to get access tokens. Which fields count depends on the kind; NewCredential names those that are missing.
type SignIn struct {
	Kind                SignInKind
	Cloud               Cloud  // its Graph is what the tokens are for, its Login who issues them
	Authority           string // https root of another issuer, taken at its word; empty is the cloud's
	TenantID            string
	ClientID            string
	Secret              string // of the application; hidden in errors whatever the kind
	Certificate         []byte // PEM with key, or PKCS #12
	CertificateName     string // where it is from, for messages
	CertificatePassword string // of the PKCS #12; hidden in errors
	FederatedTokenFile  string // read again as tokens are renewed

	// Source yields a token that is obtained elsewhere, each time it is called: kind token only.
	Source func(ctx context.Context) (string, error)
	// Prompt shows a person what to do: kind device-code only.
	Prompt func(ctx context.Context, message string) error
	// Transport carries the sign-in; nil is NewTransport.
	Transport http.RoundTripper
}

// Times of a token's life.
const (
	renewBefore = 5 * time.Minute  // before its end a token is renewed; azidentity's own cache does the same
	renewPause  = 30 * time.Second // between two tries to renew a token that is still good
	sharedFor   = 10 * time.Second // a token fetched for a call that was refused serves the others that were refused with it
	signInTime  = time.Minute      // of one HTTP call to the issuer
)

// Session is a Credential that renews its tokens: a copy serves all calls until five minutes before its end (a fifth
// of its life, if that is less), then one call fetches the next one while the others wait. Where renewing fails, the copy serves until it ends.
type Session struct {
	kind    SignInKind
	scope   string
	build   func() (azcore.TokenCredential, error)
	explain func(error) error
	client  *http.Client
	issuer  string
	copy    atomic.Pointer[issued]
	turn    chan struct{}          // holds one value: who takes it may fetch
	cred    azcore.TokenCredential // owned by who has the turn
}

// issued is a token with the moments of its life.
type issued struct {
	token        string
	shared       time.Time // until then it answers calls for a fresh one
	renew, until time.Time
}

// NewCredential makes the credential of a kind of signing in. It makes no call: what the issuer thinks of it shows at the first
// Token. Errors never hold a secret.
func NewCredential(in SignIn) (*Session, error) {
	if err := in.complete(); err != nil {
		return nil, err
	}
	if in.Transport == nil {
		in.Transport = NewTransport()
	}
	client := &http.Client{Transport: in.Transport, Timeout: signInTime, CheckRedirect: follow}
	s := &Session{
		kind: in.Kind, scope: in.Cloud.Graph + "/.default", client: client, turn: make(chan struct{}, 1),
		build:   func() (azcore.TokenCredential, error) { return in.build(client) },
		explain: func(err error) error { return in.reduce(err) },
	}
	if in.Kind != SignInToken && in.Kind != SignInManagedIdentity {
		s.issuer = in.issuer()
	}
	var err error
	if s.cred, err = s.build(); err != nil {
		return nil, s.explain(err)
	}
	s.turn <- struct{}{}
	return s, nil
}

// complete checks that what the kind needs is there.
func (in SignIn) complete() error {
	missing := func(what, how string) error {
		return fmt.Errorf("--auth %s needs %s: %s", in.Kind, what, how)
	}
	var tenant, client bool
	switch in.Kind {
	case SignInSecret, SignInCertificate, SignInWorkloadIdentity:
		tenant, client = true, true
	case SignInDeviceCode, SignInInteractive:
		client = true // Microsoft's own application for developers has no permission for Intune's tasks
	}
	switch {
	case tenant && in.TenantID == "":
		return missing("a tenant id", "give --tenant-id, or set AZURE_TENANT_ID")
	case client && in.ClientID == "":
		return missing("a client id", "give --client-id of an application that is registered in the tenant, or set AZURE_CLIENT_ID")
	case in.Kind == SignInSecret && in.Secret == "":
		return missing("a client secret", "set AZURE_CLIENT_SECRET, or give --client-secret-file or --client-secret-command")
	case in.Kind == SignInCertificate && len(in.Certificate) == 0:
		return missing("a certificate", "give --client-certificate FILE, or set AZURE_CLIENT_CERTIFICATE_PATH")
	case in.Kind == SignInWorkloadIdentity && in.FederatedTokenFile == "":
		return missing("a federated token", "give --federated-token-file, or set AZURE_FEDERATED_TOKEN_FILE")
	case in.Kind == SignInDeviceCode && in.Prompt == nil, in.Kind == SignInToken && in.Source == nil:
		return errors.New("the program forgot a part of --auth " + string(in.Kind))
	}
	if u, err := url.Parse(in.Authority); in.Authority != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		return errors.New("the sign-in authority (AZURE_AUTHORITY_HOST) must be like https://login.microsoftonline.com: https, a host, no password")
	}
	return nil
}

// issuer is the root of who issues the tokens.
func (in SignIn) issuer() string { return cmp.Or(in.Authority, in.Cloud.Login) }

// Issuer is the root of whom tokens are asked of; "" where they come from this machine, from a file or from a command.
func (s *Session) Issuer() string { return s.issuer }

// Close closes the connections to the issuer that are kept for further calls.
func (s *Session) Close() { s.client.CloseIdleConnections() }

// Token returns an access token. With fresh the issuer is asked past every cache, and if it gives the same token again, that is an error;
// calls for a fresh one that come within ten seconds of each other share it.
func (s *Session) Token(ctx context.Context, fresh bool) (string, error) {
	if t := s.copy.Load(); t != nil && !fresh && time.Now().Before(t.renew) {
		return t.token, nil
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { s.turn <- struct{}{} }()
	old, now := s.copy.Load(), time.Now()
	if old != nil && (fresh && now.Before(old.shared) || !fresh && now.Before(old.renew)) {
		return old.token, nil // fetched while this call waited for its turn
	}
	t, err := s.fetch(ctx, fresh, old)
	if err != nil && !fresh && old != nil && now.Before(old.until) && ctx.Err() == nil {
		again := *old
		again.renew = now.Add(renewPause)
		s.copy.Store(&again)
		return old.token, nil
	}
	if err != nil {
		return "", s.failed(ctx, err)
	}
	s.keep(t, old, fresh)
	return t.Token, nil
}

// fetch asks for a token; past the caches if fresh.
func (s *Session) fetch(ctx context.Context, fresh bool, old *issued) (azcore.AccessToken, error) {
	ask := policy.TokenRequestOptions{Scopes: []string{s.scope}}
	if !fresh || old == nil {
		return s.cred.GetToken(ctx, ask)
	}
	person := s.kind == SignInDeviceCode || s.kind == SignInInteractive
	if !person {
		// A new credential has an empty cache; that of a person must stay, since it holds what makes asking again needless.
		cred, err := s.build()
		if err != nil {
			return azcore.AccessToken{}, err
		}
		s.cred = cred
		if t, err := s.cred.GetToken(ctx, ask); err != nil || t.Token != old.token {
			return t, err
		}
	}
	if person || s.kind == SignInManagedIdentity || s.kind == SignInDefault {
		// Claims make azidentity pass over its cache. These ask for what is wanted: a token issued from now on.
		ask.Claims = fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, time.Now().Unix())
		t, err := s.cred.GetToken(ctx, ask)
		if err == nil && t.Token != old.token || err != nil && s.kind != SignInDefault {
			return t, err // in the chain the Azure CLI may have served, which knows no claims
		}
	}
	return azcore.AccessToken{}, errSameToken
}

var errSameToken = errors.New("the service refused the access token, and signing in again gave the same one; it may have been revoked, or be for another tenant or application: sign in again")

// keep makes t the copy that serves all calls.
func (s *Session) keep(t azcore.AccessToken, old *issued, fresh bool) {
	now := time.Now()
	n := &issued{token: t.Token, until: t.ExpiresOn}
	life := t.ExpiresOn.Sub(now)
	n.renew = t.ExpiresOn.Add(-min(renewBefore, life/5))
	if !t.RefreshOn.IsZero() && t.RefreshOn.Before(n.renew) {
		n.renew = t.RefreshOn
	}
	if old != nil && old.token == t.Token {
		n.renew = later(n.renew, now.Add(min(renewPause, life/2)))
	}
	if fresh {
		n.shared = now.Add(sharedFor)
	}
	s.copy.Store(n)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// failed says why there is no token. An end of ctx is named as such, since azidentity's errors hide it.
func (s *Session) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("--auth %s: %w", s.kind, context.Cause(ctx))
	}
	if errors.Is(err, errSameToken) {
		return fmt.Errorf("--auth %s: %w", s.kind, err)
	}
	return s.explain(err)
}
