namespace Retrieval.Server.Access;

/// <summary>Names of the framework's authentication schemes here.</summary>
internal static class AccessSchemes
{
    /// <summary>Chooses one of the others for each request.</summary>
    public const string Any = "Access";

    /// <summary>Keys of the file, or everybody if the server asks for no key.</summary>
    public const string Keys = "Keys";

    /// <summary>Tokens of an identity provider.</summary>
    public const string Tokens = "Tokens";
}
