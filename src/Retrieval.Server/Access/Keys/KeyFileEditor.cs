using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Access.Keys;

/// <summary>Changes a file of keys. Servers that read it follow within seconds.</summary>
public static class KeyFileEditor
{
    /// <summary>Makes a key and adds it to a file, which is created if it is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="template">Name, roles, expiry and limits; the rest of it is not used.</param>
    /// <param name="now">The time, stored as that of the key's creation.</param>
    /// <returns>The key's text, which is stored nowhere, and what is stored.</returns>
    /// <exception cref="InvalidInputException">The file is none of keys, or has a key of that name.</exception>
    /// <exception cref="IOException">The file cannot be written, or another command is changing it.</exception>
    public static (string Text, AccessKey Key) Add(string path, NewKey template, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(template);
        var target = KeyFile.TargetOf(path);
        using var held = Lock(target);
        var keys = File.Exists(path) ? KeyFile.Read(path) : [];
        if (keys.Any(key => key.Name == template.Name))
        {
            throw new InvalidInputException($"there is a key named '{template.Name}'; expected another name, or revoke that key first", path);
        }

        var (text, id, salt, hash) = KeyText.Create();
        var added = new AccessKey
        {
            Name = template.Name,
            Id = id,
            Roles = template.Roles,
            Salt = salt,
            Hash = hash,
            Created = now,
            Expires = template.Expires,
            RequestsPerSecond = template.RequestsPerSecond,
            PairsPerSecond = template.PairsPerSecond,
        };
        KeyFile.Write(target, [.. keys, added]);
        return (text, added);
    }

    /// <summary>Removes a key. The last one leaves an empty list, with which a running server lets nobody in.</summary>
    /// <returns>The key that was removed, and how many are left.</returns>
    /// <exception cref="InvalidInputException">The file is none of keys, or has no key of that name.</exception>
    /// <exception cref="IOException">The file cannot be written, or another command is changing it.</exception>
    public static (AccessKey Key, int Left) Revoke(string path, string name)
    {
        var target = KeyFile.TargetOf(path);
        using var held = Lock(target);
        var keys = KeyFile.Read(path);
        var revoked = keys.FirstOrDefault(key => key.Name == name) ?? throw new InvalidInputException($"there is no key named '{name}'; known are {Names(keys)}", path);
        KeyFile.Write(target, keys.Where(key => key != revoked));
        return (revoked, keys.Count - 1);
    }

    private static string Names(IReadOnlyList<AccessKey> keys)
    {
        const int Most = 10;
        var names = new StringBuilder().AppendJoin(", ", keys.Take(Most).Select(key => key.Name));
        return keys.Count == 0 ? "none" : (keys.Count > Most ? names.Append(", …") : names).ToString();
    }

    // The file stays: whoever deleted it would let two others lock two different ones.
    private static FileStream Lock(string target)
    {
        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException($"{target}: there is no such folder");
        }

        try
        {
            return new FileStream(target + ".lock", new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.None });
        }
        catch (IOException exception) when (exception is not PathTooLongException)
        {
            throw new IOException($"{target}: another command may be changing it, try again: {exception.Message}", exception);
        }
    }
}
