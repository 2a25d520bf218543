using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Tests.Access;

/// <summary>An authority of the test's own, and certificates that it signs.</summary>
internal sealed class TestCertificates : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly TemporaryFolder _folder;
    private readonly X509Certificate2 _authority;
    private int _serial;

    public TestCertificates(TemporaryFolder folder)
    {
        _folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(Now.AddDays(-400), Now.AddDays(400));
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
        Write(Now.AddDays(1));
    }

    public TlsOptions Options => new() { CertificateFile = _folder["server.pem"], KeyFile = _folder["server.key"] };

    public string AuthorityFile => _folder["authority.pem"];

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Writes the server's certificate anew.</summary>
    /// <returns>Its serial number.</returns>
    public string Write(DateTimeOffset expires)
    {
        using var made = Make("localhost", ForServers, expires);
        File.WriteAllText(Options.CertificateFile, made.ExportCertificatePem());
        File.WriteAllText(Options.KeyFile, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return made.SerialNumber;
    }

    /// <summary>Writes a certificate with a key of another kind in the place of the server's.</summary>
    /// <param name="algorithm">An elliptic curve by its name, or <c>RSA</c> and a number of bits.</param>
    /// <param name="forClients">Whether it says that it is for clients.</param>
    public void Write(string algorithm, bool forClients = false)
    {
        using AsymmetricAlgorithm key = algorithm.StartsWith("RSA", StringComparison.Ordinal)
            ? RSA.Create(int.Parse(algorithm[3..], CultureInfo.InvariantCulture))
            : ECDsa.Create(ECCurve.CreateFromFriendlyName(algorithm));
        var request = key is RSA rsa ? new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest("CN=localhost", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forClients ? ForClients : ForServers)], false));
        using var made = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        File.WriteAllText(Options.CertificateFile, made.ExportCertificatePem());
        File.WriteAllText(Options.KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Writes a certificate with a key of a kind that the platform does not know, beside the private key of before.</summary>
    public void WriteEd25519()
    {
        var key = new PublicKey(new Oid("1.3.101.112"), null, new AsnEncodedData(new byte[32]));
        using var signs = _authority.GetECDsaPrivateKey()!;
        using var made = new CertificateRequest(new X500DistinguishedName("CN=localhost"), key, HashAlgorithmName.SHA256).Create(
            _authority.SubjectName, X509SignatureGenerator.CreateForECDsa(signs), Now.AddDays(-1), Now.AddDays(1), [(byte)++_serial]);
        File.WriteAllText(Options.CertificateFile, made.ExportCertificatePem());
    }

    public X509Certificate2 Client(DateTimeOffset? expires = null) => Make("client", ForClients, expires ?? Now.AddDays(1));

    public X509Certificate2 ForAnotherPurpose() => Make("client", ForServers, Now.AddDays(1));

    /// <summary>Trusts the authority alone.</summary>
    public SocketsHttpHandler Trusting(X509Certificate2? client = null, Action<X509Certificate2>? seen = null) => new() { SslOptions = TrustingOptions(client, seen) };

    public SslClientAuthenticationOptions TrustingOptions(X509Certificate2? client = null, Action<X509Certificate2>? seen = null)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = policy,
            ClientCertificates = client is null ? null : [client],
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                seen?.Invoke((X509Certificate2)certificate!);
                return errors == SslPolicyErrors.None;
            },
        };
    }

    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Make(string name, string purpose, DateTimeOffset expires)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        using var made = request.Create(_authority, Now.AddDays(-300), expires, [(byte)++_serial]);
        using var whole = made.CopyWithPrivateKey(key);

        // The platform presents only keys that it has read from a store or a file.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
