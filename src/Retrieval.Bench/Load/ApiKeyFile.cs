using Retrieval.Domain.Errors;

namespace Retrieval.Bench.Load;

/// <summary>The file that holds what a caller presents: a command line would show it to everybody on the machine.</summary>
internal static class ApiKeyFile
{
    /// <summary>More than a server takes in its headers.</summary>
    private const int MostCharacters = 32 << 10;

    /// <summary>Reads the key or token; whitespace around it, as a final line break, does not belong to it.</summary>
    /// <exception cref="InvalidInputException">The file holds nothing, or anything besides a key. The message does not show what.</exception>
    public static string Read(string path)
    {
        var buffer = new char[MostCharacters + 1];
        using var reader = new StreamReader(path);
        var text = new string(buffer, 0, reader.ReadBlock(buffer)).Trim();
        if (text.Length == 0)
        {
            throw new InvalidInputException("holds no key", path);
        }

        return text.Length <= MostCharacters && text.All(character => character is > ' ' and <= '~')
            ? text
            : throw new InvalidInputException("holds more than a key; expected one key or token, and nothing else", path);
    }
}
