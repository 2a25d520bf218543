#pragma warning disable CA1416 // The program and its tests are built for Linux alone.
using Retrieval.Domain.Errors;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;

namespace Retrieval.Server.Tests.Access;

public sealed class KeyFileTests : IDisposable
{
    private const string Salt = "00112233445566778899aabbccddeeff";
    private const string Hash = Salt + Salt;
    private const string Good = $$"""{ "name": "a", "id": "0123456789ab", "roles": ["query"], "salt": "{{Salt}}", "hash": "{{Hash}}", "created": "2026-01-01T00:00:00Z" }""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_key_is_shown_once_and_the_file_holds_no_part_of_its_secret()
    {
        var (text, key) = KeyFileEditor.Add(_folder["keys.json"], new NewKey("shop", [Role.Query, Role.Metrics]) { Expires = DateTimeOffset.UnixEpoch.AddDays(1), PairsPerSecond = 5 }, DateTimeOffset.UnixEpoch);

        Assert.Matches("^rsk_[0-9a-f]{12}_[0-9a-f]{64}$", text);
        var content = File.ReadAllText(_folder["keys.json"]);
        Assert.DoesNotContain(text[17..40], content, StringComparison.Ordinal);
        Assert.Equivalent(key, Assert.Single(KeyFile.Read(_folder["keys.json"])));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["keys.json"]));
    }

    [Fact]
    public void Keys_are_added_and_revoked_without_touching_others_or_the_files_mode()
    {
        var path = _folder["keys.json"];
        KeyFileEditor.Add(path, new NewKey("a", [Role.Query]), DateTimeOffset.UnixEpoch);
        var b = KeyFileEditor.Add(path, new NewKey("b", [Role.Query]), DateTimeOffset.UnixEpoch).Key;
        const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(path, Shared);

        KeyFileEditor.Revoke(path, "a");

        Assert.Equivalent(b, Assert.Single(KeyFile.Read(path)));
        Assert.Equal(Shared, File.GetUnixFileMode(path));
        KeyFileEditor.Revoke(path, "b");
        Assert.Empty(KeyFile.Read(path));
        Assert.Equal(["keys.json", "keys.json.lock"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_link_stays_one_and_what_it_names_is_changed()
    {
        Directory.CreateDirectory(_folder["real"]);
        KeyFileEditor.Add(_folder["real/keys.json"], new NewKey("a", [Role.Query]), DateTimeOffset.UnixEpoch);
        File.CreateSymbolicLink(_folder["keys.json"], _folder["real/keys.json"]);

        KeyFileEditor.Add(_folder["keys.json"], new NewKey("b", [Role.Query]), DateTimeOffset.UnixEpoch);

        Assert.NotNull(new FileInfo(_folder["keys.json"]).LinkTarget);
        Assert.Equal(2, KeyFile.Read(_folder["real/keys.json"]).Count);
    }

    [Fact]
    public void The_file_stays_that_of_its_owner_or_is_not_changed()
    {
        var path = _folder["keys.json"];
        KeyFileEditor.Add(path, new NewKey("a", [Role.Query]), DateTimeOffset.UnixEpoch);
        (uint User, uint Group) other = (65534, 65534);
        if (Environment.IsPrivilegedProcess)
        {
            FileOwner.Give(path, other);

            KeyFileEditor.Revoke(path, "a");

            Assert.Equal(other, FileOwner.Of(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
        else
        {
            Assert.Contains("cannot be given to the account 65534", Assert.Throws<IOException>(() => FileOwner.Give(path, other)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_name_is_given_once_and_one_that_is_not_there_cannot_be_revoked()
    {
        var path = _folder["keys.json"];
        KeyFileEditor.Add(path, new NewKey("a", [Role.Query]), DateTimeOffset.UnixEpoch);

        Assert.Contains("there is a key named 'a'", Assert.Throws<InvalidInputException>(() => KeyFileEditor.Add(path, new NewKey("a", [Role.Admin]), DateTimeOffset.UnixEpoch)).Message, StringComparison.Ordinal);
        Assert.Contains("no key named 'b'; known are a", Assert.Throws<InvalidInputException>(() => KeyFileEditor.Revoke(path, "b")).Message, StringComparison.Ordinal);
        Assert.Equal(Role.Query, KeyFile.Read(path)[0].Roles[0]);
    }

    [Fact]
    public void Two_commands_at_once_do_not_lose_a_key()
    {
        var path = _folder["keys.json"];
        var made = Enumerable.Range(0, 40).AsParallel().WithDegreeOfParallelism(8).Where(i =>
        {
            try
            {
                KeyFileEditor.Add(path, new NewKey($"key-{i}", [Role.Query]), DateTimeOffset.UnixEpoch);
                return true;
            }
            catch (IOException)
            {
                // Another is at it, which is said and changes nothing.
                return false;
            }
        }).Select(i => $"key-{i}").Order(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(made);
        Assert.Equal(made, KeyFile.Read(path).Select(key => key.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "the file of keys is empty")]
    [InlineData("{", "keys.json: line 1: found what is no JSON, at byte 2 of the line; expected { \"keys\": [ … ] }, as 'retrieval keys new' writes it")]
    [InlineData("{ \"keys\": [] }\n}", "keys.json: line 2: found what is no JSON, at byte 1 of the line")]
    [InlineData("[]", "keys.json: line 1: found an empty array; expected { \"keys\": [ … ] }")]
    [InlineData("\"rsk_0123456789ab_secret\"", "keys.json: line 1: found a text; expected { \"keys\": [ … ] }")]
    [InlineData("null", "found null; expected { \"keys\": [ … ] }")]
    [InlineData("{}", "found no keys; expected { \"keys\": [ … ] }")]
    [InlineData("""{ "keys": 5 }""", "keys.json, keys: line 1: found a number; expected an array of keys")]
    [InlineData("{ \"keys\": [],\n  \"more\": 1 }", "keys.json, more: line 2: found a member that is not known here; expected keys")]
    [InlineData("""{ "keys": [], "keys": [] }""", "keys: line 1: found it twice; expected it once")]
    [InlineData("""{ "keys": [null] }""", "keys[0]: expected a key")]
    [InlineData("""{ "keys": [ "rsk_0123456789ab_secret" ] }""", "keys[0]: line 1: found a text; expected a key, which is an object")]
    [InlineData("rsk_0123456789ab_secret", "line 1: found what is no JSON, at byte 1 of the line")]
    public void What_is_no_file_of_keys_is_refused_with_the_place(string content, string reason)
    {
        var error = Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder.Write("keys.json", content)));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("keys.json", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"name\": \"a\"", "\"name\": \"a b\"", "keys[1].name: expected a name of 1 to 64")]
    [InlineData("\"name\": \"a\"", "\"name\": null", "keys[1].name: expected a name of 1 to 64")]
    [InlineData("0123456789ab", "0123456789", "keys[1].id: expected 12 hexadecimal digits")]
    [InlineData("0123456789ab", "0123456789AB", "keys[1].id: expected 12 hexadecimal digits")]
    [InlineData("[\"query\"]", "[]", "keys[1].roles: expected one or more of query, ingest, admin, metrics")]
    [InlineData("[\"query\"]", "[\"root\"]", "keys[1].roles: expected one or more of query")]
    [InlineData("[\"query\"]", "[null]", "keys[1].roles: expected one or more of query")]
    [InlineData("\"salt\": \"00", "\"salt\": \"", "keys[1].salt: expected 16 bytes")]
    [InlineData("\"hash\": \"00", "\"hash\": \"zz", "keys[1].hash: expected 32 bytes")]
    [InlineData("\"2026-01-01T00:00:00Z\"", "null", "keys[1].created: expected a time")]
    [InlineData("\"created\"", "\"pairsPerSecond\": -1, \"created\"", "keys[1].pairsPerSecond: expected a number from 0")]
    [InlineData("\"created\"", "\"requestsPerSecond\": 1e10, \"created\"", "keys[1].requestsPerSecond: expected a number from 0")]
    [InlineData("\"created\"", "\"expires\": \"soon\", \"created\"", "keys[1].expires: line 1: found a text that is no time; expected a time such as 2026-01-31T12:00:00Z")]
    [InlineData("\"name\"", "\"colour\": 1, \"name\"", "keys[1].colour: line 1: found a member that is not known here; expected name, id, roles,")]
    [InlineData("\"created\"", "\"pairsPerSecond\": \"5\", \"created\"", "keys[1].pairsPerSecond: line 1: found a text; expected a number")]
    [InlineData("[\"query\"]", "[\"query\", 5]", "keys[1].roles[1]: line 1: found a number; expected a text")]
    [InlineData("[\"query\"]", "\"query\"", "keys[1].roles: line 1: found a text; expected an array of texts")]
    [InlineData("\"name\": \"a\"", "\"name\": \"\\ud800\"", "keys[1].name: ")]
    [InlineData("\"name\": \"a\"", "\"name\": \"z\"", "two keys have the name 'z'")]
    public void A_key_with_a_fault_is_named_by_its_place(string found, string put, string reason)
    {
        var first = Good.Replace("\"a\"", "\"z\"", StringComparison.Ordinal).Replace("0123456789ab", "ba9876543210", StringComparison.Ordinal);
        var content = $$"""{ "keys": [ {{first}}, {{Good.Replace(found, put, StringComparison.Ordinal)}} ] }""";

        Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder.Write("keys.json", content))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_of_one_id_are_refused() => Assert.Contains(
        "two keys have the id '0123456789ab'",
        Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder.Write("keys.json", $$"""{ "keys": [ {{Good}}, {{Good.Replace("\"a\"", "\"b\"", StringComparison.Ordinal)}} ] }"""))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Endless_and_missing_files_and_folders_are_refused()
    {
        Assert.Contains("longer than", Assert.Throws<InvalidInputException>(() => KeyFile.Read("/dev/zero")).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder["nothing"])).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder.Path)).Message, StringComparison.Ordinal);

        // Nobody writes into it: whoever opened it would wait.
        Pipe.Make(_folder["pipe"]);
        Assert.Contains("expected a regular file", Assert.Throws<InvalidInputException>(() => KeyFile.Read(_folder["pipe"])).Message, StringComparison.Ordinal);
    }
}
