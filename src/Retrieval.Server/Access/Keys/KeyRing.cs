using System.Security.Cryptography;

namespace Retrieval.Server.Access.Keys;

/// <summary>The keys that are accepted now. Read by requests without a lock, exchanged as a whole.</summary>
internal sealed class KeyRing(TimeProvider time)
{
    // For an id that no key has: looking it up takes as long as for one that a key has.
    private static readonly AccessKey Nobody = new() { Name = "nobody", Id = "", Roles = [], Salt = new byte[KeyText.SaltBytes], Hash = new byte[KeyText.SecretBytes], Created = default };

    private volatile IReadOnlyDictionary<string, AccessKey> _byId = new Dictionary<string, AccessKey>();

    /// <summary>Number of keys, expired ones among them.</summary>
    public int Count => _byId.Count;

    /// <summary>Number of those whose time is over.</summary>
    public int Expired => _byId.Values.Count(key => key.Expires <= time.GetUtcNow());

    public void Replace(IEnumerable<AccessKey> keys) => _byId = keys.ToDictionary(key => key.Id, StringComparer.Ordinal);

    /// <summary>Finds the key of a text. Secrets are compared in constant time, and those of unknown ids too.</summary>
    public KeyOutcome Find(string text)
    {
        if (!KeyText.TryParse(text, out var id, out var secret))
        {
            return new KeyOutcome(null, KeyRefusal.Unknown);
        }

        var known = _byId.TryGetValue(id, out var found);
        var key = found ?? Nobody;
        var equal = CryptographicOperations.FixedTimeEquals(KeyText.HashOf(key.Salt.Span, secret), key.Hash.Span);
        return !(equal & known) ? new KeyOutcome(null, KeyRefusal.Unknown)
            : key.Expires <= time.GetUtcNow() ? new KeyOutcome(null, KeyRefusal.Expired)
            : new KeyOutcome(key, null);
    }
}
