namespace Retrieval.Server.Console;

/// <summary>A file of the console.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="MediaType">Its type.</param>
/// <param name="Tag">Changes when the content does, quoted as an entity tag is.</param>
internal sealed record ConsoleFile(byte[] Content, string MediaType, string Tag);
