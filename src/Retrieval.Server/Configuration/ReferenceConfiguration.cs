namespace Retrieval.Server.Configuration;

/// <summary>The commented configuration file with every key and its default, compiled in.</summary>
public static class ReferenceConfiguration
{
    private const string Resource = "retrieval.reference.jsonc";

    /// <summary>The file's text. Copy it, keep the lines to change, and pass it with <c>--config</c>.</summary>
    public static string Text
    {
        get
        {
            using var stream = typeof(ReferenceConfiguration).Assembly.GetManifestResourceStream(Resource)
                ?? throw new InvalidOperationException($"{Resource} is not compiled in");
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
