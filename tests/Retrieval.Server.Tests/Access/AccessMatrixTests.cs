using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Server.Access;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Metrics;

namespace Retrieval.Server.Tests.Access;

/// <summary>Every route of the API's document with every kind of key, over HTTP and HTTPS.</summary>
[Trait("Promise", "9")]
public sealed class AccessMatrixTests(ServerFixture fixture)
{
    /// <summary>A source of the framework's that the server's log leaves out, see <see cref="LogTests"/>.</summary>
    public const string LeftOut = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private const string UpdateVariable = "UPDATE_ACCESS";
    private const string None = "none";
    private const string Wrong = "wrong";

    private static readonly string[] Credentials = [None, Wrong, KeyRingFile.Expired, .. Roles.Names];
    private static readonly string Document = Path.Combine(Repository.Root, "docs", "access.md");

    [Fact]
    public async Task Every_route_takes_exactly_the_keys_that_it_declares()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(fixture.Index, keys.Path, folder);
        var operations = await OperationsAsync(server.Http, keys[Roles.NameOf(Role.Query)]);
        Assert.True(operations.Count >= 18, "the document has all routes");

        var table = new StringBuilder().Append("| route | ").AppendJoin(" | ", Credentials).Append(" |\n| --- | ").AppendJoin(" | ", Credentials.Select(_ => "---")).Append(" |\n");
        foreach (var operation in operations)
        {
            table.Append("| `").Append(operation.Method).Append(' ').Append(operation.Path).Append("` |");
            foreach (var credential in Credentials)
            {
                var cells = new HashSet<string>();
                foreach (var client in new[] { server.Http, server.Https })
                {
                    foreach (var bearer in new[] { false, true })
                    {
                        cells.Add(await CellAsync(client, operation, TextOf(credential, keys), bearer));
                    }
                }

                var cell = Assert.Single(cells);
                Assert.True(cell == Expected(operation.Role, credential), $"{operation.Method} {operation.Path} with {credential}: {cell}");
                table.Append(' ').Append(cell).Append(" |");
            }

            table.Append('\n');
        }

        await CompareAsync(table.ToString());
    }

    [Fact]
    public async Task Nothing_is_read_written_or_counted_for_callers_that_may_not()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], 4);
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(folder["index"], keys.Path, folder);
        var admin = keys[Roles.NameOf(Role.Admin)];
        var operations = (await OperationsAsync(server.Http, admin)).Where(operation => operation.Role is not null).ToList();
        var metrics = keys[Roles.NameOf(Role.Metrics)];
        _ = await CountersAsync(server.Http, metrics);
        var before = await CountersAsync(server.Http, metrics);

        foreach (var operation in operations)
        {
            foreach (var credential in Credentials.Where(credential => Expected(operation.Role, credential) != "yes"))
            {
                // A body that is none: whoever reads it says 400.
                using var answer = await SendAsync(server.Http, operation, TextOf(credential, keys), bearer: false, "{ broken");
                Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{operation.Method} {operation.Path} with {credential}: {answer.StatusCode}");
            }
        }

        Assert.Equal(before, await CountersAsync(server.Http, metrics));
        using var model = await SendAsync(server.Http, new Operation("GET", "/v1/model", Role.Query, HasBody: false), admin, bearer: false, null);
        Assert.Equal(4, (int)(await model.JsonAsync())["index"]!["images"]!);
    }

    [Fact]
    public async Task Paths_and_methods_that_lead_nowhere_are_told_to_known_callers_alone()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(fixture.Index, keys.Path, folder);

        foreach (var (method, path, status) in new[] { ("GET", "/nothing", 404), ("GET", "/v1", 404), ("DELETE", "/v1/model", 405), ("OPTIONS", "/v1/search/images", 405), ("GET", "/openapi/v2.json", 404) })
        {
            var operation = new Operation(method, path, null, HasBody: false);
            using var unknown = await SendAsync(server.Http, operation, null, bearer: false, null);
            await unknown.ProblemAsync(401);
            Assert.Equal("Bearer", unknown.Headers.WwwAuthenticate.ToString());
            using var known = await SendAsync(server.Http, operation, keys[Roles.NameOf(Role.Metrics)], bearer: false, null);
            await known.ProblemAsync(status);
        }
    }

    [Fact]
    public async Task A_route_that_declares_no_role_is_closed_to_everybody()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(fixture.Index, keys.Path, folder);

        foreach (var role in Roles.Names)
        {
            using var answer = await SendAsync(server.Http, new Operation("GET", "/undeclared", null, HasBody: false), keys[role], bearer: false, null);
            Assert.Equal("no role may do this", (string)(await answer.ProblemAsync(403))["detail"]!);
        }
    }

    [Theory]
    [InlineData("?api_key=x")]
    [InlineData("?limit=3&Access_Token=x")]
    [InlineData("?after=rsk_0123456789ab_00")]
    [InlineData("?after=rsk%5f0123456789ab%5F00")]
    [InlineData("?rsk_0123456789ab_00")]
    public async Task A_key_in_an_address_is_refused_and_not_logged(string query)
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(fixture.Index, keys.Path, folder);

        using var answer = await SendAsync(server.Http, new Operation("GET", "/v1/images" + query, null, HasBody: false), keys[Roles.NameOf(Role.Query)], bearer: false, null);

        Assert.Contains("keys are not taken from the query string", (string)(await answer.ProblemAsync(400))["detail"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Server.Log.Entries.Where(entry => entry.Category != LeftOut), entry => entry.Message.Contains(query[1..], StringComparison.OrdinalIgnoreCase) || entry.Message.Contains("rsk_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_id_that_only_looks_like_a_key_is_none()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await SecuredServer.StartAsync(fixture.Index, keys.Path, folder);

        using var answer = await SendAsync(server.Http, new Operation("GET", "/v1/images?after=rsk_7.jpg", null, HasBody: false), keys[Roles.NameOf(Role.Query)], bearer: false, null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("expected one, in X-Api-Key or as Authorization: Bearer", "X-Api-Key: a", "X-Api-Key: b")]
    [InlineData("expected one, in X-Api-Key or as Authorization: Bearer", "X-Api-Key: a", "Authorization: Bearer a")]
    [InlineData("expected one, in X-Api-Key or as Authorization: Bearer", "Authorization: Bearer a", "Authorization: Bearer a")]
    [InlineData("not of the scheme Bearer", "Authorization: Basic YTpi")]
    [InlineData("not of the scheme Bearer; expected 'Bearer' and a key", "Authorization: Bearer")]
    [InlineData("is not one of this server's", "X-Api-Key: e")]
    [InlineData("is not one of this server's", "Authorization: bearer eyJhbGciOiJub25lIn0.e30.")]
    public async Task What_is_presented_wrongly_is_a_401_that_says_how(string detail, params string[] headers)
    {
        using var folder = new TemporaryFolder();
        await using var server = await SecuredServer.StartAsync(fixture.Index, new KeyRingFile(folder["keys.json"]).Path, folder);

        var answer = await server.Server.RawAsync($"GET /v1/model HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");

        Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal);
        Assert.Contains(detail, answer, StringComparison.Ordinal);
    }

    private static string Expected(Role? route, string credential) =>
        route is not { } needed ? "yes"
        : Roles.Find(credential) is not { } role ? "401"
        : Roles.Granted(role).Contains(needed) ? "yes" : "403";

    private static string? TextOf(string credential, KeyRingFile keys) => credential switch
    {
        None => null,
        Wrong => "rsk_0123456789ab_" + new string('0', 64),
        _ => keys[credential],
    };

    private static async Task<string> CellAsync(HttpClient client, Operation operation, string? key, bool bearer)
    {
        using var answer = await SendAsync(client, operation, key, bearer, "{}");
        switch (answer.StatusCode)
        {
            case HttpStatusCode.Unauthorized:
                await answer.ProblemAsync(401);
                Assert.NotEmpty(answer.Headers.WwwAuthenticate);
                return "401";

            // The configuration forbids some things too, and says so in its own words.
            case HttpStatusCode.Forbidden when ((string)(await answer.ProblemAsync(403))["detail"]!).Contains("roles", StringComparison.Ordinal):
                return "403";
            default:
                return "yes";
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, Operation operation, string? key, bool bearer, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri(operation.Path.Replace("{id}", "nothing", StringComparison.Ordinal), UriKind.Relative));
        if (operation.HasBody && body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation(bearer ? "Authorization" : "X-Api-Key", bearer ? "Bearer " + key : key);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<List<Operation>> OperationsAsync(HttpClient client, string key)
    {
        using var answer = await SendAsync(client, new Operation("GET", "/openapi/v1.json", Role.Query, HasBody: false), key, bearer: false, null);
        var paths = (await answer.BodyAsync(200))["paths"]!.AsObject();
        return [.. from path in paths
                   from operation in path.Value!.AsObject()
                   let declared = operation.Value!.AsObject()
                   select new Operation(operation.Key.ToUpperInvariant(), path.Key, RoleOf(declared, path.Key), declared.ContainsKey("requestBody"))];
    }

    private static Role? RoleOf(JsonObject operation, string path)
    {
        var role = (string?)operation["x-role"];
        var statuses = operation["responses"]!.Names();
        Assert.True(role is null == path.StartsWith("/health/", StringComparison.Ordinal), path);
        Assert.True(role is null != (operation["security"] is JsonArray { Count: 2 }), path);
        Assert.True(role is null != (statuses.Contains("401") && statuses.Contains("403")), path);
        return role is null ? null : Roles.Find(role);
    }

    // Everything that counts work: not what counts refusals, requests and time as such.
    private static async Task<string> CountersAsync(HttpClient client, string key)
    {
        using var answer = await SendAsync(client, new Operation("GET", "/metrics", Role.Metrics, HasBody: false), key, bearer: false, null);
        var metrics = Exposition.Parse(await answer.Content.ReadAsStringAsync());
        return string.Join('\n', metrics.Samples
            .Where(sample => (sample.Key.StartsWith("retrieval_", StringComparison.Ordinal) || sample.Key.StartsWith("aspnetcore_rate_limiting", StringComparison.Ordinal))
                && (sample.Key.Contains("_total", StringComparison.Ordinal) || sample.Key.Contains("_count", StringComparison.Ordinal))
                && !sample.Key.StartsWith("retrieval_access_refused", StringComparison.Ordinal)
                && !sample.Key.Contains("scrub", StringComparison.Ordinal)
                && !sample.Key.Contains("metrics", StringComparison.Ordinal))
            .Select(sample => $"{sample.Key} {sample.Value}").Order(StringComparer.Ordinal));
    }

    private static async Task CompareAsync(string table)
    {
        const string Begin = "<!-- the matrix, written by AccessMatrixTests -->\n";
        const string End = "<!-- end of the matrix -->";
        var text = await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= Begin.Length && end >= begin, "docs/access.md has room for the matrix");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            await File.WriteAllTextAsync(Document, text[..begin] + table + text[end..], TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(text[begin..end] == table, $"docs/access.md does not have the matrix as it is; run these tests with {UpdateVariable}=1 and look at what has changed");
    }

    private sealed record Operation(string Method, string Path, Role? Role, bool HasBody);
}
