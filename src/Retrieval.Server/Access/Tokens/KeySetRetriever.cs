using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Retrieval.Server.Access.Tokens;

/// <summary>Reads a JSON Web Key Set in the place of an OpenID Connect document: the issuer's name is configured here, not looked up.</summary>
internal sealed class KeySetRetriever(string issuer) : IConfigurationRetriever<OpenIdConnectConfiguration>
{
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel)
    {
        var keys = new JsonWebKeySet(await retriever.GetDocumentAsync(address, cancel).ConfigureAwait(false));
        var configuration = new OpenIdConnectConfiguration { Issuer = issuer, JsonWebKeySet = keys };
        foreach (var key in keys.GetSigningKeys())
        {
            // A set that holds a symmetric key would let everybody who can read it sign tokens.
            if (key is not SymmetricSecurityKey)
            {
                configuration.SigningKeys.Add(key);
            }
        }

        return configuration.SigningKeys.Count > 0 ? configuration : throw new InvalidOperationException("the key set holds no public key for signatures");
    }
}
