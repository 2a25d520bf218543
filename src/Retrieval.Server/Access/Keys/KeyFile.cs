using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Errors;
using Retrieval.Server.Background;

namespace Retrieval.Server.Access.Keys;

/// <summary>
/// The file of keys: <c>{ "keys": [ { "name", "id", "roles", "salt", "hash", "created", "expires"?, "requestsPerSecond"?,
/// "pairsPerSecond"? } ] }</c>. Nothing in it opens anything; the names and roles are as public as the file.
/// </summary>
public static class KeyFile
{
    /// <summary>Longest file that is read, in bytes: some thousands of keys.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Highest limit of a key, of requests and of pairs a second.</summary>
    public const double MostPerSecond = 1e9;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        PropertyNameCaseInsensitive = false,
        WriteIndented = true,
        IndentSize = 2,
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, or is not such a file; the error names the key and the member.</exception>
    public static IReadOnlyList<AccessKey> Read(string path) => Parse(ReadBytes(path), path);

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, is no regular file, or is longer than <see cref="MostBytes"/>.</exception>
    internal static byte[] ReadBytes(string path) => RegularFile.Read(path, "the file of keys", MostBytes);

    /// <summary>Parses a file's content.</summary>
    /// <exception cref="InvalidInputException">It is not such a file; the error names the key and the member.</exception>
    internal static IReadOnlyList<AccessKey> Parse(ReadOnlySpan<byte> content, string path)
    {
        Stored? stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(content, Json);
        }
        catch (JsonException exception)
        {
            throw KeyFileFaults.Of(exception, content, Json.GetTypeInfo(typeof(Stored)), path);
        }

        var keys = (stored?.Keys ?? throw new InvalidInputException($"found {(stored is null ? "null" : "no keys")}; {KeyFileFaults.Expected}", path)).Select((key, i) => Check(key, i, path)).ToList();
        Unique(keys, key => key.Name, "name", path);
        Unique(keys, key => key.Id, "id", path);
        return keys;
    }

    /// <summary>The file that is replaced when this one is written: of a link, what it names.</summary>
    internal static string TargetOf(string path)
    {
        // Only of a full path are relative links found.
        var full = Path.GetFullPath(path);
        return (File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName : null) ?? full;
    }

    /// <summary>
    /// Writes a file in the place of another at once: a server that reads it meets the one or the other. Mode and owner stay, so that who
    /// could read the former can read this.
    /// </summary>
    /// <param name="target">The file, <see cref="TargetOf"/>.</param>
    /// <param name="keys">What it is to hold.</param>
    /// <exception cref="IOException">It cannot be written, or not as the file of that owner.</exception>
    internal static void Write(string target, IEnumerable<AccessKey> keys)
    {
#pragma warning disable CA1416 // The program is built for Linux alone.
        var next = target + ".new";
        var content = JsonSerializer.SerializeToUtf8Bytes(new Stored([.. keys.Select(StoredOf)]), Json);
        File.Delete(next);
        using (var file = new FileStream(next, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            file.Write(content);
            file.WriteByte((byte)'\n');
            file.Flush(flushToDisk: true);
        }

        try
        {
            if (File.Exists(target))
            {
                FileOwner.Give(next, FileOwner.Of(target));
                File.SetUnixFileMode(next, File.GetUnixFileMode(target));
            }

            File.Move(next, target, overwrite: true);
        }
        catch
        {
            File.Delete(next);
            throw;
        }
#pragma warning restore CA1416
    }

    private static AccessKey Check(StoredKey? key, int number, string path)
    {
        InvalidInputException Fault(string member, string expected) => new($"expected {expected}", path, field: $"keys[{number}].{member}");
        _ = key ?? throw new InvalidInputException("expected a key", path, field: $"keys[{number}]");
        return new AccessKey
        {
            Name = KeyName.IsValid(key.Name) ? key.Name! : throw Fault("name", KeyName.Expected),
            Id = key.Id is { Length: 2 * KeyText.IdBytes } id && id.AsSpan().ContainsOnlyHex() ? id : throw Fault("id", $"{2 * KeyText.IdBytes} hexadecimal digits"),
            Roles = key.Roles is { Count: > 0 } roles && roles.All(role => Access.Roles.Find(role) is not null)
                ? [.. roles.Select(role => Access.Roles.Find(role)!.Value).Distinct()]
                : throw Fault("roles", $"one or more of {string.Join(", ", Access.Roles.Names)}"),
            Salt = Bytes(key.Salt, KeyText.SaltBytes) ?? throw Fault("salt", $"{KeyText.SaltBytes} bytes in hexadecimal digits"),
            Hash = Bytes(key.Hash, KeyText.SecretBytes) ?? throw Fault("hash", $"{KeyText.SecretBytes} bytes in hexadecimal digits"),
            Created = key.Created ?? throw Fault("created", "a time such as 2026-01-31T12:00:00Z"),
            Expires = key.Expires,
            RequestsPerSecond = key.RequestsPerSecond is null or (>= 0 and <= MostPerSecond) ? key.RequestsPerSecond : throw Fault("requestsPerSecond", ExpectedLimit),
            PairsPerSecond = key.PairsPerSecond is null or (>= 0 and <= MostPerSecond) ? key.PairsPerSecond : throw Fault("pairsPerSecond", ExpectedLimit),
        };
    }

    private static string ExpectedLimit => string.Create(CultureInfo.InvariantCulture, $"a number from 0 to {MostPerSecond}");

    private static byte[]? Bytes(string? hex, int count) => hex is not null && hex.Length == 2 * count && hex.AsSpan().ContainsOnlyHex() ? Convert.FromHexString(hex) : null;

    private static void Unique(IReadOnlyList<AccessKey> keys, Func<AccessKey, string> member, string name, string path)
    {
        if (keys.GroupBy(member, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new InvalidInputException($"two keys have the {name} '{twice.Key}'; expected another for each", path);
        }
    }

    private static StoredKey StoredOf(AccessKey key) => new()
    {
        Name = key.Name,
        Id = key.Id,
        Roles = [.. key.Roles.Select(Access.Roles.NameOf)],
        Salt = Convert.ToHexStringLower(key.Salt.Span),
        Hash = Convert.ToHexStringLower(key.Hash.Span),
        Created = key.Created,
        Expires = key.Expires,
        RequestsPerSecond = key.RequestsPerSecond,
        PairsPerSecond = key.PairsPerSecond,
    };

    private sealed record Stored(IReadOnlyList<StoredKey?>? Keys);

    private sealed record StoredKey
    {
        public string? Name { get; init; }

        public string? Id { get; init; }

        public IReadOnlyList<string?>? Roles { get; init; }

        public string? Salt { get; init; }

        public string? Hash { get; init; }

        public DateTimeOffset? Created { get; init; }

        public DateTimeOffset? Expires { get; init; }

        public double? RequestsPerSecond { get; init; }

        public double? PairsPerSecond { get; init; }
    }
}
