namespace Retrieval.Server.Configuration;

/// <summary>The certificate of <c>https</c> addresses. All files are read again within seconds of a change, as a renewal makes it.</summary>
public sealed record TlsOptions
{
    /// <summary>The certificate in PEM, with the intermediate ones that lead to its authority. Required for <c>https</c> addresses.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Its private key in PEM, not encrypted. Empty: it is in <see cref="CertificateFile"/>.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>
    /// Authorities in PEM. If given, a caller must present a certificate that one of them has signed for clients. That lets it
    /// connect; what it may do is decided by its key all the same.
    /// </summary>
    public string ClientAuthoritiesFile { get; init; } = "";

    internal bool IsSet => CertificateFile.Length > 0;
}
