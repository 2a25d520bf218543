using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Access;

public sealed class TokenTests(ServerFixture fixture) : IDisposable
{
    private const string Issuer = "https://login.example.com";
    private const string Audience = "retrieval";

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
            (Token(_key, new { roles = "query", exp = (long?)null }), "the token has expired"),
            (Token(_key, new { roles = "query", sub = (string?)null }), "it has no claim sub"),
            (Unsigned(new { roles = "admin" }), "its signature cannot be verified"),
            (SignedWithPublicKey(new { roles = "admin" }), "its signature cannot be verified"),
            ($"{parts[0]}.{Encode(new { roles = "admin", iss = Issuer, aud = Audience, sub = "a", exp = Seconds(60) })}.{parts[2]}", "its signature cannot be verified"),
            (good[..^20], "its signature cannot be verified"),
            ("eyJ.eyJ.x", "not one of this server's"),
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
        await using var server = await StartAsync(issuer.Urls.First() + "/keys", keys.Path);
        var token = Token(_key, new { roles = "query" });

        using (var answer = await AskAsync(server, "/v1/model", token))
        {
            Assert.Contains("the public keys of the issuer of tokens cannot be read", (string)(await answer.ProblemAsync(503))["detail"]!, StringComparison.Ordinal);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", keys["query"])).StatusCode);
        away = false;
        await Eventually.TrueAsync(async () => (await AskAsync(server, "/v1/model", token)).StatusCode == HttpStatusCode.OK, "the token is taken");

        // What was read once is good while the issuer is away again.
        away = true;
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "/v1/model", token)).StatusCode);
    }

    [Theory]
    [InlineData("Jwt:Issuer is not set", "--Jwt:KeySet=https://login.example.com/keys", "--Jwt:Audience=a")]
    [InlineData("Jwt:Audience is not set", "--Jwt:KeySet=https://login.example.com/keys", "--Jwt:Issuer=a")]
    [InlineData("Jwt:Issuer is 'a' and Jwt:KeySet is not set", "--Jwt:Issuer=a")]
    [InlineData("Jwt:KeySet is not an address to trust", "--Jwt:KeySet=http://login.example.com/keys", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("Jwt:KeySet is not an address to trust", "--Jwt:KeySet=https://me:pw@login.example.com/keys", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("expected an https address or the full path of a file", "--Jwt:KeySet=keys.json", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("there is no such file", "--Jwt:KeySet=/nowhere/keys.json", "--Jwt:Issuer=a", "--Jwt:Audience=a")]
    [InlineData("Jwt:ClockSkewSeconds is -1; expected 0 to 3600", "--Jwt:ClockSkewSeconds=-1")]
    public void Settings_that_would_let_anybody_in_or_nobody_are_faults(string fault, params string[] arguments) =>
        Assert.Contains(fault, Assert.Single(Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", .. arguments])).Faults), StringComparison.Ordinal);

    private static long Seconds(int fromNow) => TimeProvider.System.GetUtcNow().AddSeconds(fromNow).ToUnixTimeSeconds();

    private static string Encode(object part) => Base64UrlEncoder.Encode(JsonSerializer.SerializeToUtf8Bytes(part));

    private static string KeySet(RSA key)
    {
        var parameters = key.ExportParameters(false);
        return JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = "1", alg = "RS256", n = Base64UrlEncoder.Encode(parameters.Modulus!), e = Base64UrlEncoder.Encode(parameters.Exponent!) } } });
    }

    private static string Payload(object claims)
    {
        var all = new Dictionary<string, object?> { ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = "somebody", ["exp"] = Seconds(300) };
        foreach (var property in claims.GetType().GetProperties())
        {
            all[property.Name] = property.GetValue(claims);
        }

        return Encode(all.Where(claim => claim.Value is not null).ToDictionary());
    }

    private static string Token(RSA key, object claims)
    {
        var signed = $"{Encode(new { alg = "RS256", typ = "JWT", kid = "1" })}.{Payload(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Unsigned(object claims) => $"{Encode(new { alg = "none", typ = "JWT" })}.{Payload(claims)}.";

    // The old confusion: a token signed with the public key as if it were a shared secret.
    private string SignedWithPublicKey(object claims)
    {
        var signed = $"{Encode(new { alg = "HS256", typ = "JWT", kid = "1" })}.{Payload(claims)}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static Task<HttpResponseMessage> AskAsync(RunningServer server, string path, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<RunningServer> StartAsync(string keySet, string keyFile = "")
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        return await (await RunningServer.StartAsync(options with
        {
            Access = new AccessOptions { KeyFile = keyFile },
            Jwt = new JwtOptions { KeySet = keySet, Issuer = Issuer, Audience = Audience },
        })).ReadyAsync();
    }
}
