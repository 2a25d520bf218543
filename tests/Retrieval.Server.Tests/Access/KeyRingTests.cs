using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;

namespace Retrieval.Server.Tests.Access;

public sealed class KeyRingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_is_found_by_its_whole_text_alone()
    {
        var (text, key) = KeyFileEditor.Add(_folder["keys.json"], new NewKey("a", [Role.Query]), DateTimeOffset.UnixEpoch);
        var other = KeyFileEditor.Add(_folder["keys.json"], new NewKey("b", [Role.Query]), DateTimeOffset.UnixEpoch).Text;
        var ring = Ring();

        Assert.Equal(key.Name, ring.Find(text).Key!.Name);
        foreach (var wrong in Wrong(text).Append(text[..17] + other[17..]).Append(other[..17] + text[17..]))
        {
            Assert.Equal(new KeyOutcome(null, KeyRefusal.Unknown), ring.Find(wrong));
        }
    }

    [Fact]
    public void A_key_ends_at_its_time_by_the_servers_clock()
    {
        var text = KeyFileEditor.Add(_folder["keys.json"], new NewKey("a", [Role.Query]) { Expires = _time.GetUtcNow().AddSeconds(10) }, DateTimeOffset.UnixEpoch).Text;
        var ring = Ring();

        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.NotNull(ring.Find(text).Key);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(new KeyOutcome(null, KeyRefusal.Expired), ring.Find(text));

        // Who does not have the secret is not told that there is such a key.
        Assert.Equal(KeyRefusal.Unknown, ring.Find(text[..^1] + (text[^1] == '0' ? '1' : '0')).Refusal);
    }

    private static IEnumerable<string> Wrong(string text) =>
    [
        "", "rsk_", text[4..], text[..^1], text + "0", text.ToUpperInvariant(), " " + text, text.Replace("rsk_", "RSK_", StringComparison.Ordinal), text[..^1] + "é", text[..^1] + (text[^1] == '0' ? '1' : '0'),
    ];

    private KeyRing Ring()
    {
        var ring = new KeyRing(_time);
        ring.Replace(KeyFile.Read(_folder["keys.json"]));
        return ring;
    }
}
