using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using static Retrieval.Server.Tests.Access.TestTokens;

namespace Retrieval.Server.Tests.Access;

public sealed class TokenTests(ServerFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RSA _key = RSA.Create(2048);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_token_is_good_for_the_roles_in_it()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)));

        foreach (var (roles, path, status) in new (object, string, int)[]
        {
            ("query", "/v1/model", 200), (new[] { "other", "ingest" }, "/v1/ingestions", 200), ("other query", "/v1/model", 200), ("query", "/v1/ingestions", 403),
            (new[] { "other" }, "/v1/model", 403), ("QUERY", "/v1/model", 403), ("metrics", "/metrics", 200), ("metrics", "/v1/model", 403),
            (new { note = "a query here" }, "/v1/model", 403), (new object[] { new { role = "a query here" } }, "/v1/model", 403),
        })
        {
            Assert.True(status == (int)(await AskAsync(server, path, Token(_key, new { roles }))).StatusCode, $"{JsonSerializer.Serialize(roles)} {path}");
        }
    }

    [Fact]
    public async Task Who_has_no_role_is_told_why()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)));

        foreach (var (claims, detail) in new (object, string)[]
        {
            (new { groups = "query" }, "the token's claim roles is missing; expected the role query"),
            (new { roles = new[] { "reader" } }, "the token's claim roles names none of the roles here; expected the role query"),
            (new { roles = "metrics" }, "the caller's roles do not include this; expected the role query"),
        })
        {
            using var answer = await AskAsync(server, "/v1/model", Token(_key, claims));
            Assert.Equal(detail, (string)(await answer.ProblemAsync(403))["detail"]!);
        }
    }

    [Fact]
    public async Task A_file_that_is_no_key_set_is_told_before_a_token_comes()
    {
        var file = _folder.Write("keys.jwks", """{"keys":""");
        await using var server = await StartAsync(file);

        await Eventually.TrueAsync(() => server.Log.Of(1502).Any(), "the log says so");
        Assert.Contains($"cannot be read from {file}: what is there is no JSON Web Key Set; expected {{ \"keys\": [ … ] }}", Assert.Single(server.Log.Of(1502)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_not_valid_here_is_refused_with_the_reason()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)));
        using var other = RSA.Create(2048);
        var good = Token(_key, new { roles = "query" });
        var parts = good.Split('.');

        foreach (var (token, reason) in new[]
        {
            (Token(other, new { roles = "query" }), "its signature cannot be verified"),
            (Token(_key, new { roles = "query", iss = "https://evil.example.com" }), "another issuer"),
            (Token(_key, new { roles = "query", aud = "another" }), "for another audience"),
            (Token(_key, new { roles = "query", exp = Seconds(-120) }), "the token has expired"),
            (Token(_key, new { roles = "query", nbf = Seconds(300) }), "the token has expired, or is not valid yet"),
            (Token(_key, new { roles = "query", exp = (long?)null }), "the token is malformed: it has no time at which it expires (exp)"),
            (Token(_key, new { roles = "query", sub = (string?)null }), "it has no claim sub"),
            (Unsigned(new { roles = "admin" }), "its signature cannot be verified"),
            (SignedWithPublicKey(_key, new { roles = "admin" }), "its signature cannot be verified"),
            ($"{parts[0]}.{Encode(new { roles = "admin", iss = Issuer, aud = Audience, sub = "a", exp = Seconds(60) })}.{parts[2]}", "its signature cannot be verified"),
            (good[..^20], "its signature cannot be verified"),
            ("eyJ.eyJ.x", "the token is malformed: its header or its claims are no JSON in Base64url"),
            ($"{Encode("text")}.{parts[1]}.{parts[2]}", "the token is malformed: its header or its claims are no object"),
            ("a.b.c.d.e", "the token is malformed: it is an encrypted JWT; expected a signed one"),
            ("nonsense", "not one of this server's"),
            (Token(_key, new { iss = new[] { Issuer } }), "the token is malformed: its claim iss is not a text"),
            (Token(_key, new { sub = new[] { "a", "b" } }), "the token is malformed: its claim sub is not a text"),
            (Token(_key, new { exp = "tomorrow" }), "the token is malformed: its claim exp is not a number"),
            (Token(_key, new { exp = 1e300 }), "the token is malformed"),
            (Token(_key, new { nbf = Seconds(600) }), "the token is malformed: it begins (nbf) after it has expired (exp)"),
            (Token(_key, new { roles = "query" }, new { alg = "RS256", kid = "1", crit = new[] { "exp" } }), "its header names extensions as critical (crit), and this server knows none"),
        })
        {
            using var answer = await AskAsync(server, "/v1/model", token);
            Assert.Contains(reason, (string)(await answer.ProblemAsync(401))["detail"]!, StringComparison.Ordinal);
            Assert.Equal("Bearer error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString());
        }
    }

    [Fact]
    public async Task Clocks_may_differ_by_as_much_as_is_configured()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)));

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", Token(_key, new { roles = "query", exp = Seconds(-30) }))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", Token(_key, new { roles = "query", nbf = Seconds(30) }))).StatusCode);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_a_503_until_it_is_back_and_keys_go_on()
    {
        var away = true;
        await using var issuer = WebApplication.CreateSlimBuilder().Build();
        issuer.Urls.Add("http://127.0.0.1:0");
        issuer.MapGet("/keys", () => away ? Results.StatusCode(503) : Results.Text(KeySet(_key), "application/json"));
        await issuer.StartAsync(TestContext.Current.CancellationToken);
        var keys = new KeyRingFile(_folder["keys.json"]);
        var time = new JumpingTime(TimeSpan.MaxValue);
        await using var server = await StartAsync(issuer.Urls.First() + "/keys", keys.Path, time: time);
        var token = Token(_key, new { roles = "query" });

        using (var answer = await AskAsync(server, "/v1/model", token))
        {
            Assert.Contains("the public keys of the issuer of tokens cannot be read", (string)(await answer.ProblemAsync(503))["detail"]!, StringComparison.Ordinal);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", keys["query"])).StatusCode);
        away = false;
        time.Jump(Server.Access.Tokens.KeySet.TryAgain);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", token)).StatusCode);

        // What was read once is good while the issuer is away again.
        away = true;
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", token)).StatusCode);
    }

    [Fact]
    public async Task Tokens_wait_together_for_a_key_set_that_hangs_and_keys_of_the_file_do_not()
    {
        const int Tokens = 20;
        await using var issuer = await HangingIssuer.StartAsync(() => KeySet(_key));
        var keys = new KeyRingFile(_folder["keys.json"]);
        await using var server = await StartAsync(issuer.Address, keys.Path);
        var token = Token(_key, new { roles = "query" });

        var waiting = Enumerable.Range(0, Tokens).Select(_ => AskAsync(server, "/v1/model", token)).ToList();
        await Eventually.TrueAsync(() => issuer.Asked == 1, "the key set is asked for");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", keys["query"])).StatusCode);

        // Nobody lets the issuer go: the fetch ends by its own bound.
        foreach (var answer in await Task.WhenAll(waiting))
        {
            await answer.ProblemAsync(503);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        Assert.Equal(1, issuer.Asked);
        Assert.Contains("no answer within 5 seconds", Assert.Single(server.Log.Of(1502)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_in_the_header_for_keys_is_refused_with_where_it_belongs()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/model");
        request.Headers.Add("X-Api-Key", Token(_key, new { roles = "query" }));

        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("X-Api-Key holds a token; expected a key in it, and a token as Authorization: Bearer", (string)(await answer.ProblemAsync(401))["detail"]!);
    }

    [Fact]
    public async Task Subjects_that_are_shown_alike_are_callers_of_their_own()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index) with { Callers = new CallerOptions { RequestsPerSecond = 1e-6, BurstSeconds = 1e6 } };
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)), options: options);
        var head = new string('x', 300);

        // The first request of each passes, and the second does not.
        foreach (var subject in new[] { head + "1", head + "2", "a\nb", "a\\u{a}b", "a\u200bb", "a\u200cb", "é", "e\u0301", "a\u034f", "a\ufe0f", "a\u00a0b", "a b" })
        {
            var token = Token(_key, new { roles = "query", sub = subject });
            Assert.True((await AskAsync(server, "/v1/model", token)).StatusCode == HttpStatusCode.OK, subject);
            Assert.True((await AskAsync(server, "/v1/model", token)).StatusCode == HttpStatusCode.TooManyRequests, subject);
        }
    }

    [Fact]
    public async Task A_name_that_is_no_text_is_nobodys()
    {
        await using var server = await StartAsync(_folder.Write("keys.jwks", KeySet(_key)), nameClaim: "who");

        foreach (object who in new object[] { new[] { "a", "b" }, new { name = "a" }, " " })
        {
            using var answer = await AskAsync(server, "/v1/model", Token(_key, new { roles = "query", who }));
            Assert.Contains("its claim who is not one text with a name", (string)(await answer.ProblemAsync(401))["detail"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_the_key_set_is_a_503_until_a_file_is_there()
    {
        var time = new JumpingTime(TimeSpan.MaxValue);
        Pipe.Make(_folder["keys.jwks"]);
        await using var server = await StartAsync(_folder["keys.jwks"], time: time);
        var token = Token(_key, new { roles = "query" });
        await (await AskAsync(server, "/v1/model", token)).ProblemAsync(503);
        Assert.Contains("expected a regular file", Assert.Single(server.Log.Of(1502)).Message, StringComparison.Ordinal);

        File.Delete(_folder["keys.jwks"]);
        _folder.Write("keys.jwks", KeySet(_key));
        time.Jump(Server.Access.Tokens.KeySet.TryAgain);

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", token)).StatusCode);
        Assert.Single(server.Log.Of(1503));
    }

    [Theory]
    [InlineData("Jwt:Issuer is not set", "--Jwt:KeySet=https://login.example.com/keys", "--Jwt:Audience=a")]
    [InlineData("Jwt:Audience is not set", "--Jwt:KeySet=https://login.example.com/keys", "--Jwt:Issuer=a")]
    [InlineData("Jwt:Issuer is 'a' and Jwt:KeySet is not set", "--Jwt:Issuer=a")]
    [InlineData("Jwt:KeySet is not an address to trust", "--Jwt:KeySet=http://login.example.com/keys", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("Jwt:KeySet is not an address to trust", "--Jwt:KeySet=https://me:pw@login.example.com/keys", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("expected an https address or the full path of a file", "--Jwt:KeySet=keys.json", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("there is no such file", "--Jwt:KeySet=/nowhere/keys.json", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("Callers has limits of callers, and no key is asked for", "--Callers:RequestsPerSecond=1")]
    [InlineData("Jwt:ClockSkewSeconds is -1; expected 0 to 3600", "--Jwt:ClockSkewSeconds=-1")]
    public void Settings_that_would_let_anybody_in_or_nobody_are_faults(string fault, params string[] arguments) =>
        Assert.Contains(fault, Assert.Single(Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", .. arguments])).Faults), StringComparison.Ordinal);

    private static Task<HttpResponseMessage> AskAsync(RunningServer server, string path, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<RunningServer> StartAsync(string keySet, string keyFile = "", ServerOptions? options = null, string nameClaim = "sub", TimeProvider? time = null) => await (await RunningServer.StartAsync(
        (options ?? RunningServer.Options(Repository.Bundle, fixture.Index)) with
        {
            Access = new AccessOptions { KeyFile = keyFile },
            Jwt = new JwtOptions { KeySet = keySet, Issuer = Issuer, Audience = Audience, NameClaim = nameClaim },
        },
        services => services.AddSingleton(time ?? TimeProvider.System))).ReadyAsync();
}
