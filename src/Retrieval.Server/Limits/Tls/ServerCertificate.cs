using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Limits.Tls;

/// <summary>A certificate that can be served, and the authorities of clients'.</summary>
/// <param name="Options">What a handshake is done with.</param>
/// <param name="Expires">When the certificate ends.</param>
internal sealed record ServerCertificate(SslServerAuthenticationOptions Options, DateTimeOffset Expires)
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private const string ForAll = "2.5.29.37.0";
    private const int LeastRsaBits = 2048;

    private static readonly string?[] Curves = [ECCurve.NamedCurves.nistP256.Oid.Value, ECCurve.NamedCurves.nistP384.Oid.Value, ECCurve.NamedCurves.nistP521.Oid.Value];

    /// <summary>Puts a certificate together.</summary>
    /// <param name="certificates">The certificate and the intermediate ones, in PEM.</param>
    /// <param name="key">The private key, in PEM.</param>
    /// <param name="authorities">Those of clients' certificates, in PEM; null if clients need none.</param>
    /// <param name="files">Names, for errors.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="InvalidInputException">A text is not what it has to be, the key is another's, the certificate is over or not valid yet, or no client would accept it.</exception>
    public static ServerCertificate Of(string certificates, string key, string? authorities, TlsOptions files, DateTimeOffset now)
    {
        var chain = Parse(certificates, files.CertificateFile);
        Acceptable(chain[0], files.CertificateFile);
        var leaf = WithKey(certificates, key, files);
        var expires = new DateTimeOffset(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        if (expires <= now)
        {
            throw new InvalidInputException($"the certificate ended on {expires:yyyy-MM-dd HH:mm'Z'}; expected a renewed one", files.CertificateFile);
        }

        var begins = new DateTimeOffset(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        if (begins > now)
        {
            throw new InvalidInputException($"the certificate begins on {begins:yyyy-MM-dd HH:mm'Z'}; expected one that is valid now", files.CertificateFile);
        }

        chain.RemoveAt(0);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        TrialHandshake.Run(options.ServerCertificateContext, options.EnabledSslProtocols, files.CertificateFile);
        if (authorities is not null)
        {
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Parse(authorities, files.ClientAuthoritiesFile));
            options.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ForClients));
        }

        return new ServerCertificate(options, expires);
    }

    // What clients take: a handshake in this process alone would let a weak key pass where the machine's own policy is lax.
    private static void Acceptable(X509Certificate2 leaf, string file)
    {
        using var rsa = leaf.GetRSAPublicKey();
        using var curve = leaf.GetECDsaPublicKey();
        var (suits, found) = rsa is not null ? (rsa.KeySize >= LeastRsaBits, $"RSA with {rsa.KeySize} bits")
            : curve is not null ? (Curves.Contains(curve.ExportParameters(false).Curve.Oid.Value), $"ECDSA on {curve.ExportParameters(false).Curve.Oid.FriendlyName ?? "another curve"}")
            : (false, $"of the kind {leaf.PublicKey.Oid.FriendlyName ?? leaf.PublicKey.Oid.Value}");
        if (!suits)
        {
            throw new InvalidInputException($"the certificate's key is {found}, which cannot be served or which clients do not accept; expected RSA with {LeastRsaBits} bits or more, or ECDSA on P-256, P-384 or P-521", file);
        }

        if (leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage && !usage.EnhancedKeyUsages.Cast<Oid>().Any(purpose => purpose.Value is ForServers or ForAll))
        {
            throw new InvalidInputException("the certificate is not for servers; expected the extended key usage serverAuth, or none", file);
        }
    }

    private static X509Certificate2 WithKey(string certificates, string key, TlsOptions files)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificates, key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new InvalidInputException($"not the private key of the certificate, in PEM and not encrypted: {exception.Message}", files.KeyFile.Length > 0 ? files.KeyFile : files.CertificateFile);
        }
    }

    private static X509Certificate2Collection Parse(string text, string file)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException exception)
        {
            throw new InvalidInputException($"a certificate in it cannot be read: {exception.Message}", file);
        }

        return found.Count > 0 ? found : throw new InvalidInputException("holds no certificate in PEM; expected -----BEGIN CERTIFICATE-----", file);
    }
}
