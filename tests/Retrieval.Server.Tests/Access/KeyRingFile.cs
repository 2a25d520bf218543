using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;

namespace Retrieval.Server.Tests.Access;

/// <summary>A file of keys, one of each role and an expired one, and the texts of the keys.</summary>
internal sealed class KeyRingFile
{
    public const string Expired = "expired";

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    public KeyRingFile(string path)
    {
        Path = path;
        foreach (var role in Enum.GetValues<Role>())
        {
            Add(Roles.NameOf(role), role);
        }

        Add(Expired, Role.Admin, DateTimeOffset.UnixEpoch);
    }

    public string Path { get; }

    /// <summary>The text of a key by its name.</summary>
    public string this[string name] => _texts[name];

    public string Add(string name, Role role, DateTimeOffset? expires = null) =>
        _texts[name] = KeyFileEditor.Add(Path, new NewKey(name, [role]) { Expires = expires }, DateTimeOffset.UnixEpoch).Text;

    public string Add(NewKey key) => _texts[key.Name] = KeyFileEditor.Add(Path, key, DateTimeOffset.UnixEpoch).Text;
}
